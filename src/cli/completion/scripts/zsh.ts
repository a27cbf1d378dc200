export function zshScript(tools: readonly string[]): string {
  return `#compdef kcli ${tools.join(' ')}
# Completion of kcli for zsh. In ~/.zshrc, behind compinit:  source <(kcli completion zsh)
_kcli() {
  local line word elsewhere program=kcli
  local -a typed full open
  # A copy that was called by its path answers for itself.
  [[ $words[1] == */kcli || $words[1] == */kcli/bin/run.js ]] && program=\${~words[1]}
  typed=("\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}")
  [[ \${words[1]:t} == (kafka|zookeeper)-* ]] && typed=("\${\${words[1]:t}%.sh}" "\${typed[@]}")
  while IFS= read -r line; do
    case $line in
      :*) elsewhere=\${line#:} ;;
      *)
        word=\${line%%$'\\t'*}
        line=\${line#"$word"}
        line=\${word//:/\\\\:}\${line:+:\${line#$'\\t'}}
        if [[ $word == *[=/-] && $word != -- ]]; then open+=("$line"); else full+=("$line"); fi ;;
    esac
  done < <("$program" __complete -- "\${typed[@]}" 2>/dev/null)
  local ret=1
  (( $#full )) && _describe -V -t values kcli full && ret=0
  (( $#open )) && _describe -V -t values kcli open -S '' && ret=0
  case $elsewhere in
    files) compset -P '--*='; _files && ret=0 ;;
    directories) compset -P '--*='; _files -/ && ret=0 ;;
    program*)
      shift \${elsewhere#program } words
      (( CURRENT -= \${elsewhere#program } ))
      _normal && ret=0 ;;
  esac
  return ret
}
compdef _kcli kcli ${tools.join(' ')}
`
}
