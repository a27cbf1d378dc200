export function fishScript(tools: readonly string[]): string {
  return `# Completion of kcli for fish. In ~/.config/fish/config.fish:  kcli completion fish | source
function __kcli_complete
    set -l typed (commandline -opc)
    set -l last (commandline -ct)
    set -l program kcli
    # A copy that was called by its path answers for itself.
    string match -qr '/kcli(/bin/run\\.js)?$' -- $typed[1]; and set program (string replace -r '^~' $HOME -- $typed[1])
    set -l name (string replace -r '\\.sh$' '' -- (basename -- $typed[1]))
    if string match -qr '^(kafka|zookeeper)-' -- $name
        set typed[1] $name
    else
        set -e typed[1]
    end
    for line in ($program __complete -- $typed (string unescape -- "$last"; or echo -- "$last") 2>/dev/null)
        switch $line
            case ':files'
                set -l flag (string match -r '^--[\\w.-]+=' -- "$last"; or echo '')
                printf '%s\\n' $flag(__fish_complete_path (string replace -- "$flag" '' "$last"))
            case ':directories'
                set -l flag (string match -r '^--[\\w.-]+=' -- "$last"; or echo '')
                printf '%s\\n' $flag(__fish_complete_directories (string replace -- "$flag" '' "$last"))
            case ':program *'
                complete -C (string join ' ' -- (string escape -- $typed[(math (string replace ':program ' '' -- $line))..-1]) "$last")
            case '*'
                echo $line
        end
    end
end
for name in kcli ${tools.join(' ')}
    complete -c $name -f -k -a '(__kcli_complete)'
end
`
}
