/** Text of others (names of tasks, functions, files) must not steer a terminal, nor turn around the sentence that it stands in. */

/** Signs that change the direction of what follows them: the figures behind a name would read backwards. */
const turns = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Control characters as `\\x1b`, signs of direction as `\\u202e`; a tab is left. */
export function withoutControls(text: string): string {
  let clean = '';
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if ((code >= 32 && code < 127) || code >= 160 || code === 9) continue;
    clean += `${text.slice(from, i)}\\x${code.toString(16).padStart(2, '0')}`;
    from = i + 1;
  }
  const whole = from === 0 ? text : clean + text.slice(from);
  return whole.replace(turns, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
