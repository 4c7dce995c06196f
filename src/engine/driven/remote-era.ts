/**
 * Kernels from 6.0 on, tried on 6.1 and 6.12: lists of orders 0–3 and of huge pages, each behind a lock that drains of
 * other CPUs take too, and from 6.7 on a `high` that floats.
 *
 * Inputs: mm_page_alloc and mm_page_free (mm_page_free_batched where the same task emits one for the page), what
 * __alloc_pages_bulk returned, walks of drains and of the vmstat worker (placed at their first give-back: they wait for
 * the lock), pages that are told to have gone past the lists, steals, events of kswapd and begins of direct reclaim (the
 * zone's flags follow from them and from modelled free pages). An allocation stands at the first page of the refill
 * with which it is told. Its page number chooses the zone and, once the refill is decided, corrects what is
 * believed of the lists. Outputs, never fed: number and size of refills, give-backs, drains, zoneinfo after the first.
 */

import type { EventBlock } from '../input/event-log.ts';
import type { KernelRules } from '../machine/kernel-rules.ts';
import type { DrivenEra, DrivenPass, DrivenSetting } from './driven.ts';
import { RecordedRows } from './recorded-rows.ts';
import { RemoteDrive } from './remote-drive.ts';
import type { Score } from './score.ts';

export const remoteEra: DrivenEra = {
  name: '6.1 and 6.12',
  inputs:
    'number of pages that bulk allocations got, when drains begin and how long they hold a list, pages told to have gone past the lists, steals, events of kswapd and direct reclaim; with hindsight how freed pages left (type, list locked), allocations told late, kswapd up to 30 ms before its first event; upper bound: zone flags, short refills and the zone of bulk allocations as they fit',
  drives: (rules: KernelRules) => rules.ownPolicy === 'remote',
  makePasses(setting, score) {
    return [new Remembered(setting, score)];
  },
  classes: {
    'zone flags': 'with the other state of "below high" or "reclaim active" the size is right',
    'refill cut short': 'fewer pages than the rules ask for: the free lists of that type had no more',
    'size of the refill': 'alloc_factor or the floating high was off',
    'list thought empty':
      'the list still had pages: type of a page block, a page past a locked list, a page on its way',
    'list thought filled':
      'the list was empty: type of a page block, a page past a locked list, a page on its way',
    'count off': 'the count of the lists was off by less than a batch or so when they gave back',
    'zone of a bulk allocation': 'the bulk allocation was from another zone than the watermarks said',
    'on its way': 'the drain missed or met a page or two that were just being taken or freed',
    follows:
      'these lists were off since an earlier deviation, counted in its own class; the next drain puts them right',
    'while printed': 'the count changed while zoneinfo was printed, and had the printed value in that time',
    'in flight': 'one of the next two events of that CPU makes the count equal: told after the snapshot',
    unexplained: 'no cause was found',
  },
};

/** The recording is remembered as it is read, and driven at its end. */
class Remembered implements DrivenPass {
  readonly #setting: DrivenSetting;
  readonly #score: Score;
  readonly #rows: RecordedRows;

  constructor(setting: DrivenSetting, score: Score) {
    this.#setting = setting;
    this.#rows = new RecordedRows(setting.machine.cpuCount);
    this.#score = score;
  }

  feed(block: EventBlock): void {
    this.#rows.add(block);
  }

  finish(): void {
    new RemoteDrive(this.#setting, this.#rows, this.#score).run();
  }
}
