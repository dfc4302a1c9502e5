#compdef yima yimad
# The same words as in bash, from the same file.
autoload -U +X bashcompinit && bashcompinit
source @CMAKE_INSTALL_FULL_DATADIR@/bash-completion/completions/yima
