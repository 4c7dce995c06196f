/**
 * What the kernels of our recordings offer (events and functions as their trace.dat files list them), and what is
 * recorded of it.
 */

import { describe, expect, test } from 'vitest';
import { ruleOfEvent, ruleOfProbe } from '../../trace/kernel-events.ts';
import { type KernelOffer, wantedEvents } from './wanted-events.ts';

const words = (text: string) => text.split(/\s+/).filter((word) => word !== '');

const events510 =
  words(`kmem:mm_page_alloc kmem:mm_page_free kmem:mm_page_free_batched kmem:mm_page_alloc_zone_locked
  kmem:mm_page_pcpu_drain kmem:mm_page_alloc_extfrag kmem:kmalloc workqueue:workqueue_queue_work
  workqueue:workqueue_execute_start workqueue:workqueue_execute_end workqueue:workqueue_activate_work
  vmscan:mm_vmscan_direct_reclaim_begin vmscan:mm_vmscan_direct_reclaim_end vmscan:mm_vmscan_kswapd_wake
  vmscan:mm_vmscan_kswapd_sleep irq_vectors:call_function_entry irq_vectors:call_function_exit
  irq_vectors:call_function_single_entry irq_vectors:call_function_single_exit irq_vectors:reschedule_entry
  irq_vectors:reschedule_exit irq_vectors:irq_work_entry irq_vectors:irq_work_exit irq_vectors:local_timer_entry`);
const events612 = [
  ...events510,
  ...words(`ipi:ipi_send_cpu ipi:ipi_send_cpumask ipi:ipi_raise ipi:ipi_entry ipi:ipi_exit csd:csd_queue_cpu
    csd:csd_function_entry csd:csd_function_exit`),
];
const functions510 =
  words(`free_pcppages_bulk free_one_page drain_all_pages drain_local_pages drain_local_pages_wq
  drain_pages drain_zone_pages compaction_free offline_pages alloc_contig_range unreserve_highatomic_pageblock
  zoneinfo_show page_alloc_cpu_dead kcompactd_do_work`);
const functions61 =
  words(`free_pcppages_bulk drain_all_pages __drain_all_pages drain_local_pages drain_pages_zone
  drain_zone_pages rmqueue_bulk __alloc_pages_bulk compaction_free zone_pcp_disable zone_pcp_enable offline_pages
  alloc_contig_range unreserve_highatomic_pageblock zoneinfo_show page_alloc_cpu_dead kcompactd_do_work`);
const functions72 =
  words(`free_pcppages_bulk free_one_page drain_all_pages __drain_all_pages.part.0 drain_local_pages
  drain_pages_zone drain_zone_pages decay_pcp_high alloc_pages_bulk_noprof compaction_free zone_pcp_disable
  zone_pcp_enable offline_pages soft_offline_page memory_failure alloc_contig_range_noprof
  unreserve_highatomic_pageblock zoneinfo_show page_alloc_cpu_dead kcompactd_do_work`);

function offerOf(events: readonly string[], functions: readonly string[], probes = true): KernelOffer {
  const addresses = functions.map((name, i): [string, string] => [
    name,
    `ffffffff8${(0x1200000 + i * 64).toString(16)}`,
  ]);
  return { events: new Set(events), functions: new Map(addresses), probes, architecture: 'x86_64' };
}
const kernel510 = offerOf(events510, functions510);
const kernel61 = offerOf(events510, functions61);
const kernel612 = offerOf(events612, functions61);
const kernel72 = offerOf(events612, functions72);

const namesOf = (offer: KernelOffer, purpose: 'replay' | 'audit' | 'both') =>
  wantedEvents(offer, purpose).events.map(({ system, name }) => `${system}:${name}`);

describe('events for a replay', () => {
  test('of 5.10 hold the work items of drains, and no others, by the address of their function', () => {
    const works = wantedEvents(kernel510, 'replay').events.filter(({ system }) => system === 'workqueue');
    // drain_local_pages_wq is the fifth function of the list: 0x1200000 + 4 * 64.
    expect(works).toEqual(
      ['workqueue_queue_work', 'workqueue_execute_start', 'workqueue_execute_end'].map((name) => ({
        system: 'workqueue',
        name,
        filter: 'function == 0xffffffff81200100',
      })),
    );
  });

  test('of 6.1 hold no work items: its drains queue none', () => {
    expect(namesOf(kernel61, 'replay').some((name) => name.startsWith('workqueue'))).toBe(false);
    expect(namesOf(kernel61, 'replay')).toContain('kmem:mm_page_pcpu_drain');
  });

  test('are only such as the reader follows', () => {
    for (const full of namesOf(kernel510, 'replay')) {
      const [system, name] = full.split(':');
      expect(ruleOfEvent(system, name), full).toBeDefined();
    }
    expect(namesOf(kernel510, 'replay')).not.toContain('kmem:kmalloc');
    expect(namesOf(kernel510, 'replay')).not.toContain('irq_vectors:reschedule_entry');
  });

  test('hidden addresses: all work items are recorded, so none of a drain is missed', () => {
    const hidden = {
      ...kernel510,
      functions: new Map(functions510.map((name) => [name, '0000000000000000'])),
    };
    const { events } = wantedEvents(hidden, 'replay');
    expect(events.find(({ name }) => name === 'workqueue_queue_work')?.filter).toBe('');
  });

  test('3.2 has its old names', () => {
    const old = offerOf(
      words(`kmem:mm_page_alloc kmem:mm_page_free_direct kmem:mm_pagevec_free kmem:mm_page_alloc_zone_locked
        kmem:mm_page_pcpu_drain`),
      ['drain_all_pages'],
    );
    expect(namesOf(old, 'replay')).toEqual(
      expect.arrayContaining(['kmem:mm_page_free_direct', 'kmem:mm_pagevec_free']),
    );
    expect(wantedEvents(old, 'replay').lacking).toEqual([]);
  });
});

describe('events for an audit', () => {
  test('of 6.12 hold senders, calls and handlers, and every work item', () => {
    const wanted = wantedEvents(kernel612, 'audit');
    expect(wanted.events.map(({ system, name }) => `${system}:${name}`).sort()).toEqual(
      events612.filter((name) => !/^(kmem|vmscan):|activate|local_timer/.test(name)).sort(),
    );
    expect(wanted.events.every(({ filter }) => filter === '')).toBe(true);
    expect(wanted.probes).toEqual([]);
  });

  test('of 5.10 cannot tell senders, and that is said', () => {
    expect(wantedEvents(kernel510, 'audit').lacking[0]).toMatch(/no ipi events/);
    expect(wantedEvents(kernel612, 'audit').lacking).toEqual([]);
  });

  test('and both together are the union, with unfiltered work items', () => {
    const both = new Set(namesOf(kernel510, 'both'));
    expect(both).toEqual(new Set([...namesOf(kernel510, 'replay'), ...namesOf(kernel510, 'audit')]));
    expect(wantedEvents(kernel510, 'both').events.every(({ filter }) => filter === '')).toBe(true);
  });
});

describe('probes', () => {
  test('stand on functions that the kernel has, and on no others', () => {
    expect(
      wantedEvents(kernel510, 'replay')
        .probes.map(({ symbol }) => symbol)
        .sort(),
    ).toEqual([...functions510].sort());
    expect(new Set(wantedEvents(kernel72, 'replay').probes.map(({ symbol }) => symbol))).toEqual(
      new Set(functions72),
    );
  });

  test('have the registers of the machine, and a group of their own', () => {
    const line = (offer: KernelOffer, name: string) =>
      wantedEvents(offer, 'replay').probes.find((probe) => probe.name === name)?.line;
    expect(line(kernel61, 'free_pcppages_bulk')).toBe(
      'p:drainlab/free_pcppages_bulk free_pcppages_bulk zone=%di:x64 count=%si:s32 pcp=%dx:x64',
    );
    expect(line({ ...kernel61, architecture: 'aarch64' }, 'drain_pages_zone')).toBe(
      'p:drainlab/drain_pages_zone drain_pages_zone cpu=%x0:u32 zone=%x1:x64',
    );
    expect(line({ ...kernel61, architecture: 'riscv64' }, 'drain_all_pages')).toBe(
      'p:drainlab/drain_all_pages drain_all_pages zone=$arg1:x64',
    );
    expect(line(kernel61, 'alloc_bulk_ret')).toBe(
      'r256:drainlab/alloc_bulk_ret __alloc_pages_bulk ret=$retval:u64',
    );
  });

  test('are all understood by the reader', () => {
    const { probes } = wantedEvents({ ...kernel61, events: null, functions: null, probes: null }, 'both');
    for (const { name } of probes) expect(ruleOfProbe(name), name).toBeDefined();
    // Two names for one function of two kernels; a kernel has one of them.
    expect(probes.length).toBe(28);
  });

  test('a kernel without kprobes: said what that costs', () => {
    const without = { ...kernel612, probes: false };
    expect(wantedEvents(without, 'replay').probes).toEqual([]);
    expect(wantedEvents(without, 'replay').lacking).toEqual([
      'This kernel has no kprobes (CONFIG_KPROBE_EVENTS): nothing will show when a drain is asked for, so replay will find none.',
    ]);
    expect(wantedEvents({ ...kernel510, probes: false }, 'replay').lacking[0]).toMatch(/work items only/);
  });
});

test('a kernel without page events cannot be replayed, and that is said', () => {
  const blind = offerOf(['kmem:mm_page_alloc', 'kmem:mm_page_free'], functions61);
  expect(wantedEvents(blind, 'both').lacking[0]).toBe(
    'This kernel has no kmem:mm_page_alloc_zone_locked, kmem:mm_page_pcpu_drain: such a recording cannot be replayed.',
  );
});
