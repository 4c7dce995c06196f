/** Names of tasks, from the recording's copy of saved_cmdlines: `PID COMM` per line. */

export class SavedNames {
  readonly #text: Uint8Array;
  #byPid: Map<number, string> | undefined;

  constructor(text: Uint8Array) {
    this.#text = text;
  }

  /** '' when the recording does not say. */
  commOf(pid: number): string {
    if (pid === 0) return '<idle>';
    this.#byPid ??= parse(this.#text);
    return this.#byPid.get(pid) ?? '';
  }
}

function parse(bytes: Uint8Array): Map<number, string> {
  const byPid = new Map<number, string>();
  for (const line of new TextDecoder().decode(bytes).split('\n')) {
    const match = /^\s*(\d+) (.*)$/.exec(line);
    if (match !== null) byPid.set(Number(match[1]), match[2]);
  }
  return byPid;
}
