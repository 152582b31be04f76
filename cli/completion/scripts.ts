/**
 * What shells load to complete the program's arguments. Each asks the program itself: `__complete` with the words so
 * far, the last one being typed, answers a candidate a line, and ":0" in the last line where files may follow.
 */

type Script = (file: string) => string;

/** A name for functions: shells have only letters, digits and "_" in common. */
const functionOf = (file: string): string => `__${file.replaceAll(/\W/g, "_")}_complete`;

/** Bash splits words at "=" and ":", so the line is split again, and what bash keeps is cut off. */
const bash: Script = (file) => `# bash completion of ${file}
${functionOf(file)}() {
  local IFS=$' \\t\\n' line words last kept answer candidate
  line="\${COMP_LINE:0:COMP_POINT}"
  read -r -a words <<< "$line"
  [[ "$line" == *[[:space:]] ]] && words+=("")
  last="\${words[\${#words[@]}-1]}"
  kept="\${last%"\${last##*[=:]}"}"
  [[ "$COMP_WORDBREAKS" != *[=:]* ]] && kept=""
  COMPREPLY=()
  answer="$("$1" __complete "\${words[@]:1}" 2>/dev/null)" || return
  IFS=$'\\n'
  for line in $answer; do
    case "$line" in
      :0) ;;
      :*) [[ \${#COMPREPLY[@]} -eq 0 ]] && compopt +o default 2>/dev/null ;;
      *)
        candidate="\${line%%$'\\t'*}"
        COMPREPLY+=("\${candidate#"$kept"}")
        ;;
    esac
  done
}
complete -o default -F ${functionOf(file)} ${file}
`;

const zsh: Script = (file) => `#compdef ${file}
# zsh completion of ${file}
${functionOf(file)}() {
  local -a lines candidates
  local line last
  lines=("\${(@f)$("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  last="\${lines[-1]}"
  for line in "\${(@)lines[1,-2]}"; do
    if [[ "$line" == *$'\\t'* ]]; then
      candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    else
      candidates+=("\${line//:/\\\\:}")
    fi
  done
  if (( \${#candidates} )); then
    _describe ${file} candidates
  elif [[ "$last" == ":0" ]]; then
    _files
  fi
}
compdef ${functionOf(file)} ${file}
`;

const fish: Script = (file) => `# fish completion of ${file}
function ${functionOf(file)}
    set -l words (commandline -opc)
    set -l last (commandline -ct)
    set -l program $words[1]
    set -e words[1]
    set -l lines ($program __complete $words "$last" 2>/dev/null)
    set -l files $lines[-1]
    set -e lines[-1]
    if test "$files" = ":0"
        __fish_complete_path "$last"
    else
        printf '%s\\n' $lines
    end
end
complete -c ${file} -f -a '(${functionOf(file)})'
`;

const powershell: Script = (file) => `# PowerShell completion of ${file}
Register-ArgumentCompleter -Native -CommandName '${file}' -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements |
    Where-Object { $_.Extent.StartOffset -lt $cursorPosition } |
    ForEach-Object { $_.Extent.Text })
  $program = $words[0]
  $words = @($words | Select-Object -Skip 1)
  # Before 7.3 an empty word is lost on the way, unless it is quoted twice.
  if ($wordToComplete -eq '') { $words += '""' }
  $lines = @(& $program __complete @words 2>$null)
  $lines | Where-Object { $_ -notmatch '^:\\d+$' } | ForEach-Object {
    $value, $description = $_ -split "\`t", 2
    if (-not $description) { $description = $value }
    [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $description)
  }
}
`;

/** The script of each shell. @param file the program's, as the shell calls it */
export const scripts = { bash, zsh, fish, powershell } as const satisfies Readonly<Record<string, Script>>;
