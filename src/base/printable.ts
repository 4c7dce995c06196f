/** Text of others (names of tasks, functions, files) must not steer a terminal. */

/** Control characters as `\\x1b`; a tab is left. */
export function withoutControls(text: string): string {
  let clean = '';
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if ((code >= 32 && code < 127) || code >= 160 || code === 9) continue;
    clean += `${text.slice(from, i)}\\x${code.toString(16).padStart(2, '0')}`;
    from = i + 1;
  }
  return from === 0 ? text : clean + text.slice(from);
}
