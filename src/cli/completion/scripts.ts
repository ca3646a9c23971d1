/** The shells that there is a script for. */
export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

/** The line by which the program says that file names may follow; no word begins so. */
export const FILES = ':files'

// All logic is in the program, which is asked at each press of the key: `posthaste completion words
// -- WORD…` prints a candidate a line, with a tab and its meaning behind it.

const bash = `# posthaste: completion for bash. In ~/.bashrc: source <(posthaste completion bash)
_posthaste() {
  local current=\${COMP_WORDS[COMP_CWORD]} word about
  COMPREPLY=()
  while IFS=$'\\t' read -r word about; do
    if [[ $word == ${FILES} ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$current")
      return
    fi
    [[ $word == *= ]] && compopt -o nospace 2>/dev/null
    COMPREPLY+=("$word")
  done < <(posthaste completion words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _posthaste posthaste
`

const zsh = `#compdef posthaste
# posthaste: completion for zsh. In ~/.zshrc, behind compinit: source <(posthaste completion zsh)
_posthaste() {
  local -a words_found unfinished
  local word about
  while IFS=$'\\t' read -r word about; do
    if [[ $word == ${FILES} ]]; then
      _files
      return
    fi
    if [[ $word == *= ]]; then
      unfinished+=("$word")
    else
      words_found+=("\${word//:/\\\\:}\${about:+:$about}")
    fi
  done < <(posthaste completion words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( $#unfinished )) && compadd -S '' -a unfinished
  (( $#words_found )) && _describe posthaste words_found
}
compdef _posthaste posthaste
`

const fish = `# posthaste: completion for fish. Once: posthaste completion fish > ~/.config/fish/completions/posthaste.fish
function __posthaste_complete
  set -l given (commandline -opc) (commandline -ct)
  set -l lines (posthaste completion words -- $given[2..-1] 2>/dev/null)
  if contains -- ${FILES} $lines
    __fish_complete_path (commandline -ct)
  else
    printf '%s\\n' $lines
  end
end
complete -c posthaste -f -a '(__posthaste_complete)'
`

/** What a shell is to read so that it completes the command line. */
export const scripts: Readonly<Record<Shell, string>> = { bash, zsh, fish }
