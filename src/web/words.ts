/** Kernel words that the page uses, each in a sentence or two that a student understands. */

export const words: Readonly<Record<string, string>> = {
  'page list':
    'Free pages that one CPU keeps for itself in one zone (per-CPU pages, pcp), so that it can hand them out without taking a lock. They count as neither free nor used.',
  pcp: 'Per-CPU pages: the free pages that one CPU keeps for itself in one zone.',
  drain:
    'Collecting the free pages of other CPUs’ page lists back into the common free lists, because memory is short (drain_all_pages in mm/page_alloc.c).',
  holder: 'A CPU that had at least one page on its lists when the drain looked.',
  interrupt:
    'An inter-processor interrupt (IPI): one CPU makes another stop what it does and run a function at once.',
  useless: 'Disturbing a CPU that held no page: it was interrupted for nothing.',
  isolated:
    'A CPU that the administrator keeps free of other work (isolcpus, nohz_full), for real-time or high-performance tasks. Any interrupt there is unwelcome.',
  stall: 'The time for which whoever asked for the drain had to wait for it.',
  stranded: 'Pages that stay on the lists of CPUs that the policy leaves alone.',
  policy:
    'A rule that says which CPUs a drain disturbs, by what means, and what happens when several ask at once.',
  everyone: 'Linux up to 3.3: every CPU is interrupted at every drain, whether it holds pages or not.',
  selective:
    'Patch v4 of 2011: only CPUs that hold pages are interrupted; the set of CPUs is allocated at each drain, while memory is short.',
  'two-pass':
    'Mel Gorman’s proposal of 30 December 2011: count first; allocate the set only if at least half of the CPUs are empty, else interrupt everyone.',
  'static-mask':
    'Linux 3.4 to 4.10: only CPUs that hold pages are interrupted; the set has its place since boot.',
  worker:
    'Linux 4.11 to 5.19: a kernel thread on each CPU that holds pages does the work. No interrupt, but it must wait until it may run.',
  remote:
    'Linux 6.0 on: whoever asks takes the lock of each list and empties it himself. Nobody is interrupted.',
  'skip-isolated': 'As worker, but isolated CPUs are left alone, and keep their pages.',
  none: 'No drain at all: the least that any policy can disturb, and the most pages left behind.',
  'direct reclaim':
    'A task that needs a page and finds none frees some itself before it goes on. If it still gets none, it asks for a drain.',
  mask: 'A set of CPUs (cpumask): one bit for each. On kernels built for thousands of CPUs it is too large for the stack and must be allocated.',
  zone: 'A range of memory of one kind on one node, such as DMA32 or Normal. Each CPU has a list in each zone.',
  node: 'A part of the machine with its own memory and CPUs (NUMA). Memory of other nodes is farther away.',
  watermark:
    'Marks of free pages in a zone (min, low, high): below low, kswapd begins to free pages; below min, ordinary requests must reclaim themselves.',
  kswapd: 'The kernel’s thread that frees pages in the background.',
  pcp_global_drain: 'A counter of the 2012 patches: how many drains of every zone were asked for.',
  pcp_global_ipi_saved:
    'A counter of the 2012 patches: drains at which fewer than half of the CPUs were interrupted. It counts drains, not interrupts.',
  pcp_mask_alloc: 'A counter that the thread asked for: how often a set of CPUs was allocated for a drain.',
  pcp_mask_alloc_fail:
    'A counter that the thread asked for: allocations of the set that failed, after which everyone was interrupted.',
  pcp_mask_alloc_pages:
    'A counter that the thread asked for: allocations of the set for which the slab had nothing left and asked the page allocator.',
  exact:
    'Follows from the recording alone: what the policy would have done at each recorded drain, given who held pages then.',
  modelled: 'Needs an assumption or a model beside the recording; the reason stands beside it.',
  'not known': 'The recording cannot tell.',
  'block bootstrap':
    'How the interval is made: whole runs of neighbouring drains are drawn again and again, since neighbours are alike.',
  IPI: 'Inter-processor interrupt: one CPU makes another stop what it does and run a function at once.',
  batch: 'How many pages a list takes from, or gives back to, the common free lists at once.',
  'lost events':
    'Events that the kernel could not store because its buffer was full. What follows a gap is uncertain until it is anchored again.',
  slab: 'Where the kernel keeps small pieces of memory: whole pages cut into objects of one size, some of them ready for each CPU, so that most requests need no page.',
  reserve: 'Free pages below the min watermark, kept for requests that cannot wait for reclaim.',
  failslab:
    'Fault injection of the kernel: chosen allocations of small objects are made to fail, to see what happens then.',
  'C-state':
    'How deeply an idle CPU sleeps: the deeper, the less power it takes and the longer it needs to wake.',
};
