/** Made by tools/write-scenarios.ts from scenarios/*.yaml: change those. */

export const builtInTexts: Readonly<Record<string, string>> = {
  'hackbench-400-8cpu': `# yaml-language-server: $schema=../docs/scenario.schema.json
name: hackbench-400-8cpu
title: The published test of version 9 of the patch, hackbench 400 on an 8-CPU virtual machine
about: |
  hackbench forks 400 groups of 40 tasks that send messages to each other, on 8 CPUs with too little memory.
  The patch was posted with 3,647 drains of which 3,642 had fewer than half of the CPUs in the mask, and 39
  interrupts in all. The mail says nothing about memory or page cache; here four readers stream files beside it, as
  in the recordings of real kernels, since without page cache reclaim makes no progress and nobody drains.
  Memory, cache and readers were chosen among ten settings for having thousands of drains in seconds; half of the others
  had nearly none. docs/validation.md compares the figures, and sweeps over what the mail does not say.
thread: |
  Lines 142-145: "this patch reduces the number of times IPIs are globally transmitted by X% for some workload".
machine:
  cpus: 8
  memory: 1800 MiB
  cache: 600 MiB
  idle: none
  interrupts: shorthand
kernel:
  version: 3.3
  nrCpus: 512
  offstack: true
tasks:
  - kind: hackbench
    extra: { groups: 400, messages: 1000 }
  - kind: reader
    count: 4
run:
  seconds: 5
  policies: [everyone, selective, two-pass, static-mask]
`,
  'hackbench-400-4cpu': `# yaml-language-server: $schema=../docs/scenario.schema.json
name: hackbench-400-4cpu
title: The published test of version 5 of the patch, hackbench 400 on a 4-CPU virtual machine, with its mistake
about: |
  As hackbench-400-8cpu, on 4 CPUs. Version 5 was posted with 627 drains of which 578 had fewer than half of the CPUs in
  the mask; but its mask was wrong: only the last populated zone decided whether a CPU was in it. The mail does not say
  how much memory the machine had. Here the last zone, Normal, has 64 MiB: CPUs seldom hold pages of it, most masks are
  empty, pages stay parked in DMA32 and retries fail. That size was chosen because the mistake shows on it; it is no
  reproduction of the published figures. --set kernel.lastZoneDecides=false shows the same machine without the mistake.
thread: |
  Lines 142-145: "this patch reduces the number of times IPIs are globally transmitted by X% for some workload".
machine:
  cpus: 4
  memory: 4160 MiB
  used: 2360 MiB
  cache: 600 MiB
  idle: none
  interrupts: shorthand
kernel:
  version: 3.2
  nrCpus: 512
  offstack: true
  lastZoneDecides: true
tasks:
  - kind: hackbench
    extra: { groups: 400, messages: 1000 }
  - kind: reader
    count: 4
run:
  seconds: 5
  policies: [everyone, selective, two-pass, static-mask]
`,
  'quiet-drain': `# yaml-language-server: $schema=../docs/scenario.schema.json
name: quiet-drain
title: An occasional drain on a quiet machine finds pages on every CPU, so a mask saves nothing
about: |
  16 CPUs, plenty of memory, little work: on each CPU something wakes now and then, takes a few pages and gives them back,
  and leaves some on the lists of that CPU. Every ten seconds a page that shows errors is taken out of use (soft
  off-lining), which drains all lists. Between two drains every CPU has run, so every CPU holds pages: the mask is as
  large as the machine. Look at the distribution of holders, and at saved: 0, at the price of a mask.
thread: |
  Lines 120-125: "how often is it the case that many of the CPUs have 0 pages on their per-cpu lists? I checked a bunch
  of random machines just there and in every case all CPUs had at least one page".
machine:
  cpus: 16
  memory: 8 GiB
kernel:
  distribution: sles-2011
tasks:
  - kind: sleeper
    name: daemon
    count: 64
    pages: 24
    sleep: 1 s
calls:
  - cause: soft-offline
    cpu: 0
    start: 10 s
    every: 10 s
run:
  seconds: 120
`,
  'reclaim-storm': `# yaml-language-server: $schema=../docs/scenario.schema.json
name: reclaim-storm
title: Many reclaimers at once drain so often that most lists are still empty from the drain before
about: |
  Four tasks grow and two readers stream through a machine whose memory is full, on 6 of its 16 CPUs. Each direct reclaim
  that makes progress and still gets no page drains; drains follow each other so fast, and overlap, that only CPUs hold pages
  on which tasks have just run. everyone interrupts 15 CPUs each time, most of them for nothing; a mask of those that hold
  pages saves more than half. Compare quiet-drain: the same policies, the opposite answer.
thread: |
  Lines 120-125 and 127-132: both sides are right, each for its own machine.
machine:
  cpus: 16
  memory: 496 MiB
kernel:
  distribution: sles-2011
tasks:
  - kind: anonymous
    name: grower
    count: 4
    cpus: 0-3
    memory: 90 MiB
  - kind: reader
    count: 2
    cpus: 4-5
run:
  seconds: 2
`,
  'two-pass-half-empty': `# yaml-language-server: $schema=../docs/scenario.schema.json
name: two-pass-half-empty
title: Both sides of the 50 % line - half of the time most CPUs are empty, half of the time most hold pages
about: |
  Sixteen CPUs. Four are always short of memory and drain. On the twelve others tasks wake together, work for half a second
  and sleep for half a second: while they work more than half of all CPUs hold pages, and two-pass interrupts everyone
  without a mask; while they sleep less than half hold pages, and two-pass allocates the mask. Compare its choices with
  selective's, which allocates a mask at each drain.
thread: |
  Lines 138-145: "this is done in two passes. The first would check if at least 50% of the CPUs have no pages on their
  per-cpu list. Then and only then allocate the per-cpu mask".
machine:
  cpus: 16
  memory: 496 MiB
kernel:
  distribution: sles-2011
tasks:
  - kind: anonymous
    name: grower
    count: 4
    cpus: 0-3
    memory: 100 MiB
  - kind: reader
    count: 2
    cpus: 2-3
  - kind: anonymous
    name: by-turns
    count: 12
    cpus: 4-15
    memory: 1 MiB
    rate: 200000
    lifetime: 500 ms
    extra: { restartNs: 5.0e+8 }
run:
  seconds: 4
  policies: [everyone, selective, two-pass, static-mask]
`,
  'mask-under-pressure': `# yaml-language-server: $schema=../docs/scenario.schema.json
name: mask-under-pressure
title: The mask itself is allocated while memory is short, behind a cold slab with competing users, and sometimes fails
about: |
  Sets of CPUs have 512 bytes (NR_CPUS 4096, CPUMASK_OFFSTACK) and come from the slab of that size, which other users
  empty and fill. Every tenth allocation of an object is made to fail besides (failslab, as Gilad tested). The ledger of the thread says
  how often the mask was allocated, where it came from (array, partial slab, page allocator, reserve), how often it
  failed and everyone was interrupted, and what that cost others.
thread: |
  Lines 10-23: how often is this path hit and how often does the allocation fail; the fault injection test. Lines 50-58:
  slab empty, or competing heavily. Lines 72-79: dips into the reserves. Lines 135-136: allocating memory while memory is tight.
machine:
  cpus: 8
  memory: 496 MiB
kernel:
  distribution: sles-2011
tasks:
  - kind: anonymous
    name: grower
    count: 6
    memory: 80 MiB
  - kind: reader
    count: 2
  - kind: slab-user
    name: other-masks
    count: 8
    pages: 4000
    objectBytes: 512
faults:
  failslab: { probability: 10 }
run:
  seconds: 1
  policies: [everyone, selective, two-pass, static-mask]
`,
  'isolated-4092': `# yaml-language-server: $schema=../docs/scenario.schema.json
name: isolated-4092
title: Four noisy CPUs of 4,096; the 4,092 others must not be disturbed
about: |
  CPUs 0-3 run out of memory again and again; CPUs 4-4095 are isolated, and each runs a task that took a few pages when it
  started and has not entered the kernel since. So the first drains, which four callers ask for at nearly the same time,
  find something on every CPU; after that only the noisy ones hold pages. everyone interrupts 4,095 CPUs at each drain;
  selective, two-pass and static-mask interrupt the isolated ones at these first drains and never again. The set of
  CPUs has 512 bytes and is allocated at each drain of selective. Look at isolated CPUs disturbed, and for how long, by policy.
thread: |
  Lines 127-132: "It is very annoying when a memory allocation failure in a task allocated to a small set of 4 CPUs
  yanks out all the rest of your 4,092 CPUs working on something completely different". Lines 97-111: where the mask
  costs something there are many CPUs, and there it pays.
machine:
  cpus: 4096
  isolated: 4-N
  memory: 4 GiB
  cache: 2500 MiB
kernel:
  distribution: sles-2011
tasks:
  - kind: reader
    name: noisy-reader
    count: 4
    cpus: 0-3
    rate: 20000
  - kind: anonymous
    name: noisy-bursts
    count: 4
    cpus: 0-3
    memory: 2 GiB
    lifetime: 300 ms
    extra: { restartNs: 1.5e+10 }
  - kind: spinner
    name: solver
    count: 4092
    cpus: 4-N
    pages: 8
run:
  seconds: 60
`,
  'deep-idle': `# yaml-language-server: $schema=../docs/scenario.schema.json
name: deep-idle
title: CPUs in deep sleep are woken by interrupts only to find that they have nothing to do
about: |
  64 CPUs, 60 of them asleep in C6 with empty lists; four work and drain. everyone wakes all 60 at each drain, each
  needs its exit latency, and the requester waits for the slowest. Look at idle CPUs woken, by state, at lost residency
  and at the stall of the requester.
thread: |
  Lines 127-132: "or worse yet yanks all those CPUs from the nirvana of idle C-states saving power just to discover
  that no, they don't actually have anything to do".
machine:
  cpus: 64
  memory: 2 GiB
  idle: nehalem
kernel:
  distribution: sles-2011
tasks:
  - kind: anonymous
    name: grower
    count: 4
    cpus: 0-3
    memory: 450 MiB
  - kind: reader
    count: 4
    cpus: 0-3
run:
  seconds: 2
`,
  'contiguous-range': `# yaml-language-server: $schema=../docs/scenario.schema.json
name: contiguous-range
title: A device asks for a contiguous range - parked pages stand in its way until they are drained
about: |
  Every half second a driver allocates 16 MiB in one piece (CMA, or huge pages at run time). Pages of the range may stand on any CPU's
  lists, so the allocator drains before it looks again. Memory is not short, and yet each such call disturbs the machine.
thread: |
  Lines 41-45: the other callers of drain_all_pages.
machine:
  cpus: 16
  memory: 2 GiB
kernel:
  version: 3.5
  nrCpus: 512
tasks:
  - kind: page-cache
    count: 4
    cpus: 0-3
    rate: 5000
  - kind: network
    count: 2
    cpus: 4-5
    rate: 20000
    pages: 1024
  - kind: sleeper
    name: daemon
    count: 32
    pages: 12
    sleep: 1 s
calls:
  - cause: contiguous-range
    cpu: 0
    start: 1 s
    every: 500 ms
    memory: 16 MiB
run:
  seconds: 20
`,
  'fifo-spinner': `# yaml-language-server: $schema=../docs/scenario.schema.json
name: fifo-spinner
title: Workers that never get to run - a SCHED_FIFO task holds its CPU, and whoever drains by worker waits for it
about: |
  Kernel 5.10 drains by a kernel worker on each CPU that holds pages. CPU 7 runs a SCHED_FIFO task without pause, whose lists hold
  pages: its worker never runs, the drain never ends, and every other caller is turned away meanwhile. Compare
  interrupts (static-mask) and the list locks of 6.0 (remote), which do not need the victim. Look at unfinished drains
  and at the stall of the requester.
thread: |
  Lines 114-118: "I think of it more of as a CPU isolation feature then pure performance." Five years later the drain
  moved to workers, which disturb less and can wait for ever.
machine:
  cpus: 8
  isolated: 7
  memory: 496 MiB
kernel:
  version: 5.10
  nrCpus: 8192
tasks:
  - kind: anonymous
    name: grower
    count: 4
    cpus: 0-3
    memory: 100 MiB
  - kind: reader
    count: 3
    cpus: 0-3
  - kind: spinner
    name: control-loop
    cpus: 7
    pages: 16
    fifo: true
run:
  seconds: 2
`,
  'memory-failure': `# yaml-language-server: $schema=../docs/scenario.schema.json
name: memory-failure
title: A page goes bad while memory is already short - that drain comes after reclaim has failed
about: |
  Memory errors are handled while tasks reclaim: the handler of a bad page drains to find it, after direct reclaim did not help
  those who wait. Mel's objection is that this caller is under pressure too. Compare the source of its mask with memory-offline's.
thread: |
  Lines 47-48: "It's the memory failure code path after direct reclaim failed. How can you say there is no inherent
  memory pressure?"
machine:
  cpus: 16
  memory: 496 MiB
kernel:
  distribution: sles-2011
tasks:
  - kind: anonymous
    name: grower
    count: 4
    cpus: 0-3
    memory: 90 MiB
  - kind: reader
    count: 2
    cpus: 4-5
  - kind: sleeper
    name: daemon
    count: 16
    pages: 8
    sleep: 500 ms
calls:
  - cause: memory-failure
    cpu: 8
    start: 200 ms
    every: 100 ms
run:
  seconds: 2
`,
  'memory-offline': `# yaml-language-server: $schema=../docs/scenario.schema.json
name: memory-offline
title: Memory is taken offline - each range asks for a drain, with no pressure on memory
about: |
  A machine with a zone Movable at the end of its memory, under a moderate load; every two seconds a range of it is taken
  offline, which drains the lists before and after its pages have moved. The first drain finds pages on nearly every CPU, the
  second on nearly none. Memory is plentiful: the mask comes from the slab. From 5.11 on the kernel forces every CPU here,
  once (--set kernel.version=5.15).
thread: |
  Lines 41-45: "from the memory hotplug or the memory failure code path [...] there is no inherent memory pressure".
machine:
  cpus: 64
  memory: 2 GiB
  movable: 512 MiB
kernel:
  distribution: sles-2011
tasks:
  - kind: sleeper
    name: daemon
    count: 64
    pages: 16
    sleep: 2 s
  - kind: page-cache
    count: 4
    cpus: 0-3
    rate: 2000
calls:
  - cause: memory-offline
    cpu: 1
    start: 5 s
    every: 2 s
    zone: Movable
    memory: 64 MiB
run:
  seconds: 20
`,
  'modern-autotune': `# yaml-language-server: $schema=../docs/scenario.schema.json
name: modern-autotune
title: Lists of 6.12 tune themselves up to GiBs - what a drain brings back, and what it costs to empty them
about: |
  A large machine with the lists of 6.12, which grow with the load up to an eighth of the zone. Jobs on 48 CPUs take 440 MiB
  each, end together and begin anew half a second later: what they free stays on the lists of their CPUs, more than 2 GiB of
  it, which no other CPU can use. The next round runs short while that much is parked, and drains. remote is what this
  kernel does: nobody is interrupted, the requester empties each list under its lock, and others return at once. Look at
  pages brought back by a drain, and at the stall of the requester.
thread: |
  Lines 120-125, 13 years later: every CPU still holds pages, but thousands of them.
machine:
  cpus: 64
  memory: 32 GiB
  cache: 10 GiB
  idle: sapphire-rapids
kernel:
  distribution: fedora
  version: 6.12
tasks:
  - kind: anonymous
    name: job
    count: 48
    cpus: 0-47
    memory: 440 MiB
    lifetime: 400 ms
    extra: { restartNs: 5.0e+8 }
  - kind: reader
    name: indexer
    count: 4
    cpus: 48-51
run:
  seconds: 1.2
  policies: [everyone, static-mask, worker, remote, none]
`,
};
