/** Runs in bash from 3.2 on (that of macOS). */
export function bashScript(tools: readonly string[]): string {
  return `# Completion of kcli for bash. In ~/.bashrc:  source <(kcli completion bash)
_kcli() {
  local line=\${COMP_LINE:0:COMP_POINT} cur=\${COMP_WORDS[COMP_CWORD]} IFS=$'\\n' last= cut=
  local program=kcli elsewhere= word
  # A copy that was called by its path answers for itself.
  [[ $1 == */kcli || $1 == */kcli/bin/run.js ]] && program=\${1/#\\~/$HOME}
  # Bash begins a new word behind = and :, kcli does not.
  last=\${line##*[[:space:]]}
  case $cur in
    \\=|:) cur= ;;
  esac
  if [[ $last == *[=:]* && $COMP_WORDBREAKS == *[=:]* && $cur != [\\'\\"]* ]]; then cut=\${last%"\${last##*[=:]}"}; fi
  COMPREPLY=()
  while IFS= read -r word; do
    case $word in
      :*) elsewhere=\${word#:} ;;
      *) COMPREPLY+=("\${word#"$cut"}") ;;
    esac
  done < <("$program" __complete --line "$line" 2>/dev/null)
  case $elsewhere in
    files) _kcli_paths -f ;;
    directories) _kcli_paths -d ;;
    program*)
      if type _command_offset >/dev/null 2>&1; then _command_offset "\${elsewhere#program }"
      else COMPREPLY=($(compgen -c -- "$cur") $(compgen -f -- "$cur")); fi ;;
  esac
}
_kcli_paths() {
  type compopt >/dev/null 2>&1 && compopt -o filenames +o nospace 2>/dev/null
  COMPREPLY+=($(compgen "$1" -- "$cur"))
}
complete -o nospace -F _kcli kcli ${tools.join(' ')}
`
}
