/** Which function of which kernel does each step of a drain: for the story that a student reads. Names of 3.0 to 7.x. */

import type { DrainStep } from '../input/run-observer.ts';
import { type KernelRules, kernelAtLeast } from '../machine/kernel-rules.ts';
import type { Policy } from '../policy/policy.ts';

/** `drain_all_pages() in mm/page_alloc.c`; the policy may be one that this version never had. '' where none is worth naming. */
export function functionOf(
  step: DrainStep,
  rules: KernelRules,
  policy: Policy,
  slab: 'slab' | 'slub',
): string {
  const { version } = rules;
  const inPageAlloc = (name: string) => `${name} in mm/page_alloc.c`;
  switch (step) {
    case 'requested':
    case 'retried':
      return inPageAlloc(
        step === 'requested' ? '__alloc_pages_direct_reclaim()' : 'get_page_from_freelist()',
      );
    case 'turned-away':
      return inPageAlloc('drain_all_pages(): mutex_trylock(&pcpu_drain_mutex)');
    case 'waits-for-turn':
      return inPageAlloc('drain_all_pages(): mutex_lock(&pcpu_drain_mutex)');
    case 'scanned':
      return inPageAlloc(kernelAtLeast(version, '5.11') ? '__drain_all_pages()' : 'drain_all_pages()');
    case 'mask-asked':
    case 'mask-got':
    case 'mask-failed':
      return maskFunction(step, slab);
    case 'chosen':
      return inPageAlloc('drain_all_pages()');
    case 'sent':
      return sendFunction(policy);
    case 'idle-left':
      return 'cpuidle_enter() in drivers/cpuidle/cpuidle.c, mwait in drivers/idle/intel_idle.c';
    case 'began-on':
      return handlerFunction(rules, policy);
    case 'ended-on':
      return inPageAlloc('free_pcppages_bulk()');
    case 'own-part':
      return inPageAlloc('drain_local_pages()');
    case 'ended':
      return endFunction(rules, policy);
  }
}

function maskFunction(step: DrainStep, slab: 'slab' | 'slub'): string {
  if (step === 'mask-asked') return 'zalloc_cpumask_var(&cpus, GFP_ATOMIC) in lib/cpumask.c';
  if (step === 'mask-failed') return 'zalloc_cpumask_var() returns false: on_each_cpu()';
  return slab === 'slab' ? '____cache_alloc() in mm/slab.c' : 'slab_alloc_node() in mm/slub.c';
}

function sendFunction({ carrier, select }: Policy): string {
  if (carrier === 'worker') return 'queue_work_on(cpu, mm_percpu_wq, …) in kernel/workqueue.c';
  if (carrier === 'lock') return '__drain_all_pages(): for_each_cpu() in mm/page_alloc.c';
  const call = select.who === 'everyone' ? 'on_each_cpu()' : 'on_each_cpu_mask()';
  return `${call}, smp_call_function_many() in kernel/smp.c`;
}

function handlerFunction({ version, callPath }: KernelRules, { carrier }: Policy): string {
  if (carrier === 'worker') return 'drain_local_pages_wq() in mm/page_alloc.c, called by process_one_work()';
  if (carrier === 'lock') return 'drain_pages_zone(): pcp_spin_lock() in mm/page_alloc.c';
  const entry =
    callPath === 'global-queue'
      ? 'generic_smp_call_function_interrupt()'
      : kernelAtLeast(version, '5.8')
        ? '__flush_smp_call_function_queue()'
        : 'flush_smp_call_function_queue()';
  return `${entry} in kernel/smp.c, drain_local_pages() in mm/page_alloc.c`;
}

function endFunction({ callPath }: KernelRules, { carrier }: Policy): string {
  if (carrier === 'worker') return 'flush_work() in kernel/workqueue.c';
  if (carrier === 'lock') return 'pcp_spin_unlock(), mutex_unlock(&pcpu_drain_mutex) in mm/page_alloc.c';
  if (carrier === 'nobody') return '';
  return callPath === 'global-queue'
    ? 'csd_lock_wait() in kernel/smp.c: one entry for all targets'
    : 'csd_lock_wait() in kernel/smp.c: one entry after the other';
}
