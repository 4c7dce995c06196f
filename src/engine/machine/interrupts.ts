/**
 * How a call to several CPUs goes out and comes back: smp_call_function_many (kernel/smp.c) and the sending of
 * the interrupt (arch/x86/kernel/smp.c, apic/x2apic_cluster.c, apic/ipi.c), by era:
 *
 * - 3.0-3.8: one global queue of calls; every target is interrupted; the last target to answer frees the entry.
 * - 3.9-5.3: an entry on the queue of each target; every target is interrupted.
 * - 5.4 on: only targets whose queue was empty are interrupted (the others take the entry along).
 * - 5.8 on: a single target that polls in its idle loop is not interrupted.
 * - up to 4.19 the x86 send to several targets asks for a mask of its own (`maskWanted`): see `allButSelf`.
 *
 * One target goes through smp_call_function_single, which interrupts only if the queue was empty in all eras.
 */

import type { BitSet } from '../../base/bit-set.ts';
import type { CpuIndex, Nanoseconds } from '../../base/units.ts';
import type { CostSpec, MachineSpec } from '../input/scenario.ts';
import { type KernelRules, kernelAtLeast } from './kernel-rules.ts';

export type InterruptMode = MachineSpec['interruptMode'];

/** CPUs that one write reaches in x2APIC cluster mode (apicid >> 4; CPU numbers stand for APIC ids). */
export const clusterSize = 16;

/** What a send did. `Interrupts.send` returns one object again and again. */
export interface SendPlan {
  /** CPUs on which the function will run, the requester left out. */
  targets: number;
  /** Of these: interrupted. Fewer than `targets` when calls coalesce or a CPU polls. */
  interrupts: number;
  /** Writes to the interrupt command register. */
  hardwareSends: number;
  /** Time that the requester is busy with sending. */
  sendNs: Nanoseconds;
  /** One write reached all CPUs but the sender. */
  broadcast: boolean;
  /** x86 up to 4.19 asks the slab for a mask in this send (GFP_ATOMIC); without it the send goes on all the same. */
  maskWanted: boolean;
}

/** The interrupts of one machine: who is told, when, and how many calls wait on each CPU. */
export class Interrupts {
  /** Calls queued on each CPU and not yet taken by its handler. */
  readonly waiting: Int32Array;
  private readonly interruptAt: Float64Array;
  private readonly clusterAt: Float64Array;
  private readonly mode: InterruptMode;
  private readonly callPath: KernelRules['callPath'];
  private readonly allButSelf: boolean;
  private readonly wantsMask: boolean;
  private readonly sparesPolling: boolean;
  private readonly baseNs: Nanoseconds;
  private readonly perTargetNs: Nanoseconds;
  private readonly perWriteNs: Nanoseconds;
  private readonly kickNs: Nanoseconds;
  private readonly deliveryNs: Nanoseconds;
  private readonly ackNs: Nanoseconds;
  private readonly ackPerTargetNs: Nanoseconds;
  private readonly plan: SendPlan = {
    targets: 0,
    interrupts: 0,
    hardwareSends: 0,
    sendNs: 0,
    broadcast: false,
    maskWanted: false,
  };

  /** `guest`: a virtual machine, in which each write leaves to the host, which kicks the targets one by one. */
  constructor(cpus: number, mode: InterruptMode, rules: KernelRules, costs: CostSpec, guest: boolean) {
    this.waiting = new Int32Array(cpus);
    this.interruptAt = new Float64Array(cpus);
    this.clusterAt = new Float64Array(Math.ceil(cpus / clusterSize));
    this.mode = mode;
    this.callPath = rules.callPath;
    this.allButSelf = mode === 'shorthand' && rules.shorthand;
    this.wantsMask = rules.sendAllocatesMask;
    this.sparesPolling = kernelAtLeast(rules.version, '5.8');
    // The walk over the targets became an array in 5.16.
    const walks = !kernelAtLeast(rules.version, '5.16');
    this.baseNs = costs.sendBaseNs + (rules.callPath === 'global-queue' ? costs.globalQueueNs : 0);
    this.perTargetNs =
      rules.callPath === 'global-queue' ? 0 : walks ? costs.sendPerTargetNs : costs.sendPerTargetNewNs;
    this.perWriteNs = guest ? costs.sendPerWriteGuestNs : costs.sendPerWriteNs;
    this.kickNs = guest ? costs.kickGuestNs : 0;
    this.deliveryNs = costs.deliveryNs;
    this.ackNs = costs.ackNs;
    this.ackPerTargetNs = costs.ackPerTargetNs;
  }

  /**
   * Sends a call from `requester` to the members of `targets` that are online, itself left out. Writes to
   * `arrivals[cpu]` when the interrupt that runs the call reaches each target (for a call that coalesced: when
   * the interrupt sent earlier does, but not before the call was queued). The handler begins when the CPU
   * lets it (idle exit, another handler). `polling`: CPUs that poll in their idle loop.
   */
  send(
    targets: BitSet,
    online: BitSet,
    requester: CpuIndex,
    startNs: Nanoseconds,
    arrivals: Float64Array,
    polling: BitSet | null = null,
  ): Readonly<SendPlan> {
    const { plan } = this;
    let count = 0;
    let only = -1;
    for (let w = 0; w < targets.words.length; w++) {
      // Word by word: a drain of few holders on 4096 CPUs looks at 128 words and at the holders.
      let bits = targets.words[w] & online.words[w];
      while (bits !== 0) {
        const cpu = (w << 5) + 31 - Math.clz32(bits & -bits);
        bits &= bits - 1;
        if (cpu === requester) continue;
        count++;
        only = cpu;
      }
    }
    plan.targets = count;
    plan.interrupts = 0;
    plan.hardwareSends = 0;
    plan.sendNs = 0;
    plan.broadcast = false;
    plan.maskWanted = this.wantsMask && count > 1;
    if (count === 0) return plan;
    if (count === 1) this.sendToOne(only, startNs, arrivals, polling);
    else this.sendToMany(targets, online, requester, startNs, arrivals, count);
    return plan;
  }

  /** The handler of `cpu` runs and takes the calls that wait there (generic_smp_call_function_interrupt): all, or `calls`. Returns how many. */
  taken(cpu: CpuIndex, calls = this.waiting[cpu]): number {
    this.waiting[cpu] -= calls;
    return calls;
  }

  /**
   * When the requester, which waits from `fromNs` on, has seen all answers. `doneNs[cpu]`: when the function
   * ended on each target. It walks the targets in order of the mask and spins at the first that is not done
   * (with the global queue: the answers take the entry's lock one after the other, which costs as much).
   */
  answered(
    targets: BitSet,
    online: BitSet,
    requester: CpuIndex,
    fromNs: Nanoseconds,
    doneNs: Float64Array,
  ): Nanoseconds {
    let time = fromNs;
    for (let w = 0; w < targets.words.length; w++) {
      let bits = targets.words[w] & online.words[w];
      while (bits !== 0) {
        const cpu = (w << 5) + 31 - Math.clz32(bits & -bits);
        bits &= bits - 1;
        if (cpu === requester) continue;
        const seen = doneNs[cpu] + this.ackNs;
        time = (seen > time ? seen : time) + this.ackPerTargetNs;
      }
    }
    return time;
  }

  private sendToOne(
    cpu: CpuIndex,
    startNs: Nanoseconds,
    arrivals: Float64Array,
    polling: BitSet | null,
  ): void {
    const { plan } = this;
    // The single-call path has its own queue entry in all eras.
    const queuedNs = startNs + this.baseNs + this.perTargetNs;
    plan.sendNs = queuedNs - startNs;
    if (this.waiting[cpu]++ > 0) {
      arrivals[cpu] = Math.max(queuedNs, this.interruptAt[cpu]);
      return;
    }
    if (this.sparesPolling && polling?.has(cpu)) {
      // Sees its flag without an interrupt: a line crosses over.
      this.interruptAt[cpu] = queuedNs + this.ackPerTargetNs;
      arrivals[cpu] = this.interruptAt[cpu];
      return;
    }
    plan.interrupts = 1;
    plan.hardwareSends = 1;
    plan.sendNs += this.perWriteNs + this.kickNs;
    this.interruptAt[cpu] = startNs + plan.sendNs + this.deliveryNs;
    arrivals[cpu] = this.interruptAt[cpu];
  }

  private sendToMany(
    targets: BitSet,
    online: BitSet,
    requester: CpuIndex,
    startNs: Nanoseconds,
    arrivals: Float64Array,
    count: number,
  ): void {
    const { plan, clusterAt } = this;
    const coalesces = this.callPath === 'coalescing';
    // First all entries are queued, then the writes go out.
    const queuedNs = startNs + this.baseNs + count * this.perTargetNs;
    let told = count;
    if (coalesces) told = this.countEmpty(targets, online, requester);
    // The shorthand is off while a CPU that is present is not online (apic_smt_update).
    plan.broadcast = this.allButSelf && told === online.size - 1 && online.count === online.size;
    const clusters = this.mode !== 'physical';
    if (clusters) clusterAt.fill(-1);
    let time = queuedNs;
    for (let w = 0; w < targets.words.length; w++) {
      let bits = targets.words[w] & online.words[w];
      while (bits !== 0) {
        const cpu = (w << 5) + 31 - Math.clz32(bits & -bits);
        bits &= bits - 1;
        if (cpu === requester) continue;
        if (this.waiting[cpu]++ > 0 && coalesces) {
          arrivals[cpu] = Math.max(queuedNs, this.interruptAt[cpu]);
          continue;
        }
        plan.interrupts++;
        const group = plan.broadcast ? 0 : cpu >> 4;
        if (!clusters || clusterAt[group] < 0) {
          time += this.perWriteNs;
          plan.hardwareSends++;
          if (clusters) clusterAt[group] = time;
        }
        // In a guest the host passes on one target after the other before the sender goes on.
        time += this.kickNs;
        const sentNs = clusters && this.kickNs === 0 ? clusterAt[group] : time;
        const arrivesNs = sentNs + this.deliveryNs;
        // An interrupt of the same vector that has not been taken yet merges with this one (IRR bit).
        if (this.waiting[cpu] === 1 || arrivesNs < this.interruptAt[cpu]) this.interruptAt[cpu] = arrivesNs;
        arrivals[cpu] = Math.max(queuedNs, this.interruptAt[cpu]);
      }
    }
    plan.sendNs = time - startNs;
  }

  private countEmpty(targets: BitSet, online: BitSet, requester: CpuIndex): number {
    let empty = 0;
    for (let w = 0; w < targets.words.length; w++) {
      let bits = targets.words[w] & online.words[w];
      while (bits !== 0) {
        const cpu = (w << 5) + 31 - Math.clz32(bits & -bits);
        bits &= bits - 1;
        if (cpu !== requester && this.waiting[cpu] === 0) empty++;
      }
    }
    return empty;
  }
}
