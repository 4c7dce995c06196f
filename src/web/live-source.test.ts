import { describe, expect, it } from 'vitest';
import type { LiveBrowser } from './live-source.ts';
import { LiveHost } from './live-source.ts';

const host = {
  schema: 'drainlab.host/1',
  ...{ name: 'made up', kernel: '6.1', possible: '0-1', isolated: '', nohzFull: '' },
  ...{ nodeOfCpu: [0, 0], zones: [{ node: 0, name: 'Normal', managedPages: 1000 }] },
};

function sampleOf(number: number) {
  return {
    schema: 'drainlab.sample/1',
    ...{ number, timeMs: 1000 * number, sinceMs: 1000, readMs: 1, online: '0-1' },
    cpus: { online: 2, empty: 0, isolatedOnline: 0, isolatedEmpty: 0, parkedPages: 9 },
    zones: [{ node: 0, name: 'Normal', freePages: 1, minPages: 1, lowPages: 1, highPages: 1, lists: [4, 5] }],
    interrupts: null,
    load: { loadAverage: 0, runningTasks: 1, allocationStalls: 0, pressure: null },
    drains: null,
  };
}

/** A connection as a browser has it, driven by the test. */
class FakeEvents extends EventTarget {
  readyState = 0;

  send(name: string, data: object): void {
    this.dispatchEvent(Object.assign(new Event(name), { data: JSON.stringify(data) }));
  }

  fail(readyState: number): void {
    this.readyState = readyState;
    this.dispatchEvent(new Event('error'));
  }

  close(): void {
    this.readyState = 2;
  }
}

function browserOf(census: () => Response) {
  const opened: FakeEvents[] = [];
  const later: Array<() => void> = [];
  const asked: string[] = [];
  const clock = { ms: 50_000 };
  const browser: LiveBrowser = {
    events: () => {
      const events = new FakeEvents();
      opened.push(events);
      return events as unknown as EventSource;
    },
    fetch: async (url) => {
      asked.push(url);
      return census();
    },
    now: () => clock.ms,
    later: (run) => later.push(run),
  };
  return { browser, opened, later, asked, clock };
}

const censusResponse = () => Response.json({ answers: ['Everyone holds pages.'] });
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

describe('a host that is followed', () => {
  it('is live with its first sample, and its census is asked for every ten seconds', async () => {
    const { browser, opened, asked, clock } = browserOf(censusResponse);
    const source = new LiveHost(browser);
    source.follow();
    expect(source.state.value.kind).toBe('connecting');
    opened[0].send('host', host);
    opened[0].send('sample', sampleOf(1));
    await settled();
    expect(source.state.value.kind).toBe('live');
    expect(source.census.value?.answers).toEqual(['Everyone holds pages.']);
    clock.ms += 9000;
    opened[0].send('sample', sampleOf(10));
    expect(asked).toEqual(['api/census']);
    clock.ms += 1000;
    opened[0].send('sample', sampleOf(11));
    expect(asked).toEqual(['api/census', 'api/census']);
  });

  it('keeps the server’s own distances between samples, whatever the way between does to them', () => {
    const { browser, opened, clock } = browserOf(censusResponse);
    const source = new LiveHost(browser);
    source.follow();
    opened[0].send('host', host);
    opened[0].send('sample', sampleOf(1));
    clock.ms += 1400;
    opened[0].send('sample', sampleOf(2));
    expect(source.record?.times(0)).toEqual([50_000, 51_000]);
  });

  it('says that it is lost, comes back by itself, and the record goes on behind a gap', () => {
    const { browser, opened, clock } = browserOf(censusResponse);
    const source = new LiveHost(browser);
    source.follow();
    opened[0].send('host', host);
    opened[0].send('sample', sampleOf(1));
    opened[0].send('sample', sampleOf(2));
    opened[0].fail(0);
    expect(source.state.value).toEqual({ kind: 'lost', why: 'no connection' });
    clock.ms += 60_000;
    opened[0].send('host', host);
    opened[0].send('sample', sampleOf(1));
    opened[0].send('sample', sampleOf(2));
    expect(source.state.value.kind).toBe('live');
    expect(source.record?.times(0)).toEqual([50_000, 51_000, 110_000, 111_000]);
    expect(source.record?.figure('parkedPages', 0)).toEqual([9, 9, null, 9]);
  });

  it('tells the server’s last word', () => {
    const { browser, opened } = browserOf(censusResponse);
    const source = new LiveHost(browser);
    source.follow();
    opened[0].send('end', { message: 'drainlab has ended' });
    opened[0].fail(0);
    expect(source.state.value).toEqual({ kind: 'lost', why: 'drainlab has ended' });
  });

  it('is locked when the token is of another run, and does not ask again', async () => {
    const refused = () =>
      Response.json({ code: 'E_SERVE_TOKEN', message: 'Open the link.' }, { status: 401 });
    const { browser, opened, later } = browserOf(refused);
    const source = new LiveHost(browser);
    source.follow();
    opened[0].fail(2);
    await settled();
    expect(source.state.value).toEqual({ kind: 'locked', why: 'Open the link.' });
    expect(later).toEqual([]);
  });

  it('tries again by itself when too many look on, unless it is not followed any more', async () => {
    const full = () => Response.json({ code: 'E_SERVE_FULL', message: 'As many look on …' }, { status: 503 });
    const { browser, opened, later } = browserOf(full);
    const source = new LiveHost(browser);
    const leave = source.follow();
    opened[0].fail(2);
    await settled();
    expect(source.state.value).toEqual({ kind: 'lost', why: 'As many look on …' });
    later[0]();
    expect(opened.length).toBe(2);
    opened[1].fail(2);
    await settled();
    leave();
    later[1]();
    expect(opened.length).toBe(2);
  });

  it('begins a new record when CPUs have come or gone', () => {
    const { browser, opened } = browserOf(censusResponse);
    const source = new LiveHost(browser);
    source.follow();
    opened[0].send('host', host);
    opened[0].send('sample', sampleOf(1));
    opened[0].send('host', { ...host, possible: '0-3', nodeOfCpu: [0, 0, 0, 0] });
    opened[0].send('sample', sampleOf(2));
    expect([source.record?.length, source.record?.rows.length]).toEqual([1, 4]);
  });
});
