/** `drainlab watch` and `census --samples` as a user runs them: in a terminal (a pseudo terminal made by Python), in a pipe, to the end. */

import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { FakeHost, interruptsText, zoneinfoText } from '../fake-host.ts';
import { compiledMain } from './compiled.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const main = [process.execPath, compiledMain()];
const environment = { PATH: process.env.PATH, LANG: 'C.UTF-8', TERM: 'xterm', NO_COLOR: '1' };

const host = new FakeHost();
host.write('proc/sys/kernel/hostname', 'box\n');
host.write('sys/devices/system/cpu/possible', '0-3\n');
host.write('sys/devices/system/cpu/isolated', '3\n');
host.write('proc/zoneinfo', zoneinfoText([{ node: 0, name: 'Normal', free: 150, counts: [10, 0, 3, 0] }]));
host.write('proc/interrupts', interruptsText([0, 1, 2, 3], { CAL: [1, 2, 3, 4], RES: [0, 0, 0, 0] }));
afterAll(() => host.remove());

function run(args: readonly string[], env: NodeJS.ProcessEnv = environment) {
  const [command, ...rest] = [...main, ...args];
  return spawnSync(command, rest, { cwd: root, env, encoding: 'utf8', timeout: 30_000 });
}

/**
 * Starts the command in a terminal of 80 columns and 24 rows. Each step waits until the output holds `wait`, and then types, resizes, damages
 * a file or sends a signal. Prints what was shown after each step, and how the command ended.
 */
const terminalScript = `
import fcntl, json, os, pty, select, signal, struct, sys, termios, time
order = json.loads(sys.argv[1])
pid, tty = pty.fork()
if pid == 0:
    os.execvpe(order['command'][0], order['command'], order['env'])
def size(rows, columns):
    fcntl.ioctl(tty, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
size(24, 80)
shown, begun = [], time.time()
def read_until(text):
    output = b''
    while time.time() - begun < 25:
        if select.select([tty], [], [], 0.1)[0]:
            try: data = os.read(tty, 65536)
            except OSError: break
            if not data: break
            output += data
        if text is not None and text.encode() in output: break
    return output.decode('utf8', 'replace')
for step in order['steps']:
    shown.append(read_until(step['wait']))
    if 'type' in step: os.write(tty, step['type'].encode())
    if 'size' in step: size(*step['size'])
    if 'write' in step: open(step['write'], 'w').write('damaged')
    if 'signal' in step: os.kill(pid, getattr(signal, step['signal']))
echo = lambda: bool(termios.tcgetattr(tty)[3] & termios.ECHO)
shown.append(read_until('\\x1b[?1049l'))
time.sleep(0.05)
cooked = echo()
_, status = os.waitpid(pid, 0)
print(json.dumps({'shown': shown, 'cooked': cooked, 'code': os.waitstatus_to_exitcode(status)}))
`;

interface Step {
  /** Goes on when the terminal has been sent this. */
  readonly wait: string;
  readonly type?: string;
  /** Rows and columns. */
  readonly size?: readonly [number, number];
  readonly signal?: 'SIGTERM' | 'SIGINT' | 'SIGHUP';
  /** A file that is overwritten with damage. */
  readonly write?: string;
}

function inTerminal(
  args: readonly string[],
  steps: readonly Step[],
): { shown: string[]; cooked: boolean; code: number } {
  const order = { command: [...main, ...args], env: environment, steps };
  const { stdout, stderr } = spawnSync('python3', ['-c', terminalScript, JSON.stringify(order)], {
    cwd: root,
    encoding: 'utf8',
    timeout: 40_000,
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

const hasPython = spawnSync('python3', ['-c', 'import pty, termios']).status === 0;
const enter = '\x1b[?1049h';
const leave = '\x1b[?1049l';

describe.skipIf(!hasPython)('in a terminal (skipped without python3)', () => {
  test('keys and a resize change the picture; q gives the old screen back', () => {
    const { shown, cooked, code } = inTerminal(
      ['watch', '--root', host.root, '--every', '50ms'],
      [
        { wait: 'q quit', type: '?' },
        { wait: 'A cell is a CPU', type: '?g' },
        { wait: 'no node ▅·▃·', type: 'g' },
        { wait: 'isolated ·', size: [30, 120] },
        { wait: '\x1b[2J', type: ' ' },
        { wait: 'paused', type: 'q' },
      ],
    );
    expect(shown[0]).toContain(enter);
    expect(shown[0]).toContain('empty: 2 of 4 CPUs (50.0 %), of the isolated 1 of 1');
    expect(shown.at(-1)).toContain(`\x1b[?25h${leave}`);
    expect(cooked).toBe(true);
    expect(code).toBe(0);
  });

  test.each([
    ['Ctrl-C', { wait: 'q quit', type: '\x03' }],
    ['SIGTERM', { wait: 'q quit', signal: 'SIGTERM' }],
    ['the terminal that hangs up', { wait: 'q quit', signal: 'SIGHUP' }],
  ] as const)('%s gives the old screen back', (_, step) => {
    const { shown, cooked, code } = inTerminal(['watch', '--root', host.root], [step]);
    expect(shown.at(-1)).toContain(leave);
    expect([cooked, code]).toEqual([true, 0]);
  });

  test('trouble in the middle: the old screen, then the message', () => {
    const broken = new FakeHost();
    broken.write('proc/zoneinfo', zoneinfoText([{ node: 0, name: 'Normal', free: 1, counts: [1, 0] }]));
    const { shown, code } = inTerminal(
      ['watch', '--root', broken.root, '--every', '50ms'],
      [{ wait: 'q quit', write: `${broken.root}/proc/zoneinfo` }, { wait: leave }],
    );
    broken.remove();
    expect(code).toBe(3);
    const text = shown.join('');
    expect(text.slice(text.indexOf(leave))).toContain('drainlab: ');
  });
});

describe('in a pipe', () => {
  test('a line for each look, no escapes; where it runs goes to standard error', () => {
    const { stdout, stderr, status } = run([
      'watch',
      '--root',
      host.root,
      '--every',
      '20ms',
      '--samples',
      '3',
    ]);
    expect(status).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(3);
    expect(stdout).toMatch(/^0\.0 s · empty 2 of 4 CPUs \(isolated 1 of 1\) · 13 pages on lists · /);
    expect(stdout).not.toContain('\x1b');
    expect(stderr).toMatch(/^drainlab itself runs on CPU /);
  });

  test('--json: the host, then samples', () => {
    const { stdout } = run(['watch', '--root', host.root, '--every', '20ms', '--samples', '2', '--json']);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ schema }) => schema)).toEqual([
      'drainlab.host/1',
      'drainlab.sample/1',
      'drainlab.sample/1',
    ]);
    expect(lines[1].zones[0].lists).toEqual([10, 0, 3, 0]);
  });

  test('wrong use is said at once', () => {
    expect(run(['watch', '--every', 'soon']).status).toBe(2);
    expect(run(['watch', '--on', '0-']).stderr).toContain('E_CPU_LIST');
    expect(run(['watch', '--root', '/nowhere']).stderr).toContain('E_CENSUS_PATH');
  });
});

describe.skipIf(!existsSync('/proc/zoneinfo'))(
  'census --samples of this host (skipped without /proc/zoneinfo)',
  () => {
    test('the distribution as JSON: samples add up, the cost and the place are there', () => {
      const { stdout, status } = run(['census', '--samples', '30', '--every', '10ms', '--json']);
      expect(status).toBe(0);
      const result = JSON.parse(stdout);
      expect(result.schema).toBe('drainlab.samples/1');
      expect(result.empty.reduce((sum: number, samples: number) => sum + samples, 0)).toBe(30);
      expect(result.byCpu.length).toBe(result.cpus.onlineCount.most);
      expect(result.halfEmpty.interval).toHaveLength(2);
      expect(result.self.cpuMs).toBeGreaterThan(0);
      expect(result.self.ranOn.length).toBeGreaterThan(0);
    });

    test('--csv: a row a sample; Ctrl-C in the middle leaves whole rows', async () => {
      const [command, ...args] = [...main, 'census', '--samples', '100000', '--every', '20ms', '--csv'];
      const child = spawn(command, args, { cwd: root, env: environment });
      let output = '';
      child.stdout.on('data', (data) => {
        output += data;
        if (output.split('\n').length > 4) child.kill('SIGINT');
      });
      const code = await new Promise((resolve) => child.on('close', resolve));
      expect(code).toBe(0);
      const [head, ...rows] = output.trimEnd().split('\n');
      const columns = head.split(',').length;
      expect(rows.length).toBeGreaterThanOrEqual(3);
      expect(rows.every((row) => row.split(',').length === columns)).toBe(true);
    });

    test('a path is refused: a saved host stands still', () => {
      const { stderr, status } = run(['census', host.root, '--samples', '5']);
      expect(status).toBe(2);
      expect(stderr).toContain('E_SAMPLES');
    });
  },
);
