#compdef yima yimad
# The same words as in bash, from the same file.
autoload -U +X bashcompinit && bashcompinit
for _yima_file in /usr/share /usr/local/share; do
  [[ -r $_yima_file/bash-completion/completions/yima ]] && source $_yima_file/bash-completion/completions/yima
done
