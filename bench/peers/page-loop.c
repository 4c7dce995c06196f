/*
 * The floor for the simulator: bench/page-loop.ts in C. The same load, event queue, per-CPU lists (rules of 5.10) and
 * free lists; the hash over all pages that moved and all event times must be the same.
 *
 * usage: page-loop CPUS MIB HELD OPERATIONS FLOOR BATCH HIGH ALLOCATE_NS FREE_NS REFILL_NS GIVE_NS LOCK_NS
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { STEP_PAGES = 32, LISTS = 3, MOVABLE = 1, MAX_ORDER = 10, BLOCK_ORDER = 9, NO_PAGE = -1 };
enum { FREE_BIT = 0x80, STATE_MASK = 0x8f };

/* Links of all pages, and chains over them: length, head, tail. */
static int32_t *next, *prev;
struct chain {
	int32_t head, tail, length;
};

static int32_t cpus, pages, held_max, floor_pages, batch, high;
static double allocate_ns, free_ns, refill_ns, give_ns, lock_ns, spent_ns;
static uint8_t *order_of, *states, *block_types, *zone_of_block;
static struct chain free_lists[MAX_ORDER + 1], *lists, *holdings;
static uint32_t filled_orders, *holders;
static int32_t free_pages, untouched_from, untouched_end, *count, *length;
static int32_t free_blocks[MAX_ORDER + 1];

static void push_head(struct chain *chain, int32_t pfn)
{
	int32_t first = chain->head;

	next[pfn] = first;
	prev[pfn] = NO_PAGE;
	if (first == NO_PAGE)
		chain->tail = pfn;
	else
		prev[first] = pfn;
	chain->head = pfn;
	chain->length++;
}

static void push_tail(struct chain *chain, int32_t pfn)
{
	int32_t last = chain->tail;

	next[pfn] = NO_PAGE;
	prev[pfn] = last;
	if (last == NO_PAGE)
		chain->head = pfn;
	else
		next[last] = pfn;
	chain->tail = pfn;
	chain->length++;
}

static void take_out(struct chain *chain, int32_t pfn)
{
	int32_t after = next[pfn], before = prev[pfn];

	if (before == NO_PAGE)
		chain->head = after;
	else
		next[before] = after;
	if (after == NO_PAGE)
		chain->tail = before;
	else
		prev[after] = before;
	chain->length--;
}

static int32_t pop_head(struct chain *chain)
{
	int32_t pfn = chain->head;

	if (pfn != NO_PAGE)
		take_out(chain, pfn);
	return pfn;
}

static int32_t pop_tail(struct chain *chain)
{
	int32_t pfn = chain->tail;

	if (pfn != NO_PAGE)
		take_out(chain, pfn);
	return pfn;
}

/* Free lists of the zone. Blocks of the largest order that nobody touched yet are linked one at a time. */
static void link_untouched(void)
{
	push_tail(&free_lists[MAX_ORDER], untouched_from);
	states[untouched_from] = FREE_BIT | MOVABLE << 4 | MAX_ORDER;
	untouched_from += 1 << MAX_ORDER;
	filled_orders |= 1u << MAX_ORDER;
}

static void link_block(int32_t pfn, int order, int to_tail)
{
	if (to_tail)
		push_tail(&free_lists[order], pfn);
	else
		push_head(&free_lists[order], pfn);
	states[pfn] = FREE_BIT | MOVABLE << 4 | order;
	filled_orders |= 1u << order;
	free_blocks[order]++;
}

static void unlink_block(int32_t pfn, int order)
{
	take_out(&free_lists[order], pfn);
	states[pfn] = 0;
	if (free_lists[order].length == 0) {
		filled_orders &= ~(1u << order);
		if (order == MAX_ORDER && untouched_from < untouched_end)
			link_untouched();
	}
	free_blocks[order]--;
}

static int32_t buddy_take(void)
{
	int32_t pfn;
	int order;

	if (filled_orders == 0)
		return NO_PAGE;
	order = __builtin_ctz(filled_orders);
	pfn = free_lists[order].head;
	unlink_block(pfn, order);
	while (order > 0) {
		order--;
		link_block(pfn + (1 << order), order, 0);
	}
	free_pages--;
	order_of[pfn] = 0;
	return pfn;
}

static void buddy_give(int32_t pfn)
{
	int32_t head = pfn;
	int order = 0, likely = 0;

	if (pfn < 0 || pfn >= pages || states[pfn] != 0 || block_types[pfn >> BLOCK_ORDER] != MOVABLE)
		abort();
	free_pages++;
	while (order < MAX_ORDER) {
		int32_t buddy = head ^ 1 << order;

		if (buddy >= pages || (states[buddy] & STATE_MASK) != (FREE_BIT | order))
			break;
		if (order >= BLOCK_ORDER && block_types[buddy >> BLOCK_ORDER] != MOVABLE)
			break;
		unlink_block(buddy, order);
		head &= buddy;
		order++;
	}
	if (order < MAX_ORDER - 1) {
		int32_t larger = (head & ~(1 << order)) ^ 1 << (order + 1);

		likely = larger < pages && (states[larger] & STATE_MASK) == (FREE_BIT | (order + 1));
	}
	link_block(head, order, likely);
}

/* The lists of a CPU. */
static int32_t allocate_page(int32_t cpu)
{
	int32_t list = cpu * LISTS + MOVABLE;

	if (free_pages <= floor_pages)
		return NO_PAGE;
	if (length[list] == 0) {
		int32_t came = 0;

		while (came < batch) {
			int32_t pfn = buddy_take();

			if (pfn == NO_PAGE)
				break;
			push_tail(&lists[list], pfn);
			came++;
		}
		spent_ns += lock_ns + came * refill_ns;
		if (came == 0)
			return NO_PAGE;
		length[list] += came;
		if (count[cpu] == 0)
			holders[cpu >> 5] |= 1u << (cpu & 31);
		count[cpu] += came;
	}
	length[list]--;
	if (--count[cpu] == 0)
		holders[cpu >> 5] &= ~(1u << (cpu & 31));
	spent_ns += allocate_ns;
	return pop_head(&lists[list]);
}

/* Round robin over the types: one page of the next list, one more for each empty list passed. */
static void give_back(int32_t cpu, int32_t left)
{
	int32_t first = cpu * LISTS, position = 0, take = 0;

	spent_ns += lock_ns;
	while (left > 0) {
		int32_t blocks, i;

		do {
			take++;
			if (++position >= LISTS)
				position = 0;
		} while (length[first + position] == 0);
		if (take == LISTS)
			take = left;
		blocks = take < left ? take : left;
		if (blocks > length[first + position])
			blocks = length[first + position];
		length[first + position] -= blocks;
		count[cpu] -= blocks;
		left -= blocks;
		for (i = 0; i < blocks; i++)
			buddy_give(pop_tail(&lists[first + position]));
		spent_ns += blocks * give_ns;
		take -= blocks;
	}
	if (count[cpu] == 0)
		holders[cpu >> 5] &= ~(1u << (cpu & 31));
}

static void free_page(int32_t cpu, int32_t pfn)
{
	int32_t list = cpu * LISTS + block_types[pfn >> BLOCK_ORDER];

	if (order_of[pfn] != 0 || zone_of_block[pfn >> BLOCK_ORDER] != 0)
		abort();
	push_head(&lists[list], pfn);
	spent_ns += free_ns;
	length[list]++;
	if (++count[cpu] == 1)
		holders[cpu >> 5] |= 1u << (cpu & 31);
	if (count[cpu] >= high)
		give_back(cpu, batch < count[cpu] ? batch : count[cpu]);
}

/* Event queue: a heap with four children, equal times in the order in which they went in. */
static double *times;
static int64_t *sequences;
static int32_t *whats, queued;
static int64_t sequence;

static void push_event(double time, int32_t what)
{
	int32_t at = queued++;

	while (at > 0) {
		int32_t parent = (at - 1) >> 2;

		if (times[parent] <= time)
			break;
		times[at] = times[parent];
		sequences[at] = sequences[parent];
		whats[at] = whats[parent];
		at = parent;
	}
	times[at] = time;
	sequences[at] = sequence++;
	whats[at] = what;
}

static int before(int32_t one, double time, int64_t order)
{
	return times[one] < time || (times[one] == time && sequences[one] < order);
}

static int32_t pop_event(void)
{
	int32_t first = whats[0], last = --queued, at = 0, what = whats[last];
	double time = times[last];
	int64_t order = sequences[last];

	for (;;) {
		int32_t child = (at << 2) + 1, least = child, end, other;

		if (child >= last)
			break;
		end = child + 4 < last ? child + 4 : last;
		for (other = child + 1; other < end; other++)
			if (before(other, times[least], sequences[least]))
				least = other;
		if (!before(least, time, order))
			break;
		times[at] = times[least];
		sequences[at] = sequences[least];
		whats[at] = whats[least];
		at = least;
	}
	times[at] = time;
	sequences[at] = order;
	whats[at] = what;
	return first;
}

/* Folds pages of a chain into the hash, from its head or from its tail. */
static uint32_t folded(uint32_t hash, const int32_t *follower, int32_t pfn, int32_t n)
{
	for (int32_t i = 0; i < n; i++) {
		hash = (hash ^ (uint32_t)pfn) * 0x01000193u;
		pfn = follower[pfn];
	}
	return hash;
}

static void *zeroed(size_t n, size_t size)
{
	void *memory = calloc(n, size);

	if (!memory)
		abort();
	return memory;
}

static struct chain *chains(size_t n)
{
	struct chain *all = zeroed(n, sizeof(*all));

	for (size_t i = 0; i < n; i++)
		all[i].head = all[i].tail = NO_PAGE;
	return all;
}

int main(int argc, char **argv)
{
	uint32_t random = 2463534242u, hash = 0x811c9dc5u;
	int64_t operations, done = 0, events = 0;
	struct timespec from, to, cpu_from, cpu_to;
	struct rusage usage;

	if (argc != 13) {
		fprintf(stderr, "usage: page-loop CPUS MIB HELD OPERATIONS FLOOR BATCH HIGH NS NS NS NS NS\n");
		return 2;
	}
	cpus = atoi(argv[1]);
	pages = atoi(argv[2]) * 256;
	held_max = atoi(argv[3]);
	operations = atoll(argv[4]);
	floor_pages = atoi(argv[5]);
	batch = atoi(argv[6]);
	high = atoi(argv[7]);
	allocate_ns = atof(argv[8]);
	free_ns = atof(argv[9]);
	refill_ns = atof(argv[10]);
	give_ns = atof(argv[11]);
	lock_ns = atof(argv[12]);

	next = zeroed(pages, sizeof(*next));
	prev = zeroed(pages, sizeof(*prev));
	order_of = zeroed(pages, 1);
	states = zeroed(pages, 1);
	block_types = zeroed((pages >> BLOCK_ORDER) + 1, 1);
	memset(block_types, MOVABLE, (pages >> BLOCK_ORDER) + 1);
	zone_of_block = zeroed((pages >> BLOCK_ORDER) + 1, 1);
	lists = chains((size_t)cpus * LISTS);
	holdings = chains(cpus);
	count = zeroed(cpus, sizeof(*count));
	length = zeroed((size_t)cpus * LISTS, sizeof(*length));
	holders = zeroed((cpus + 31) / 32, sizeof(*holders));
	times = zeroed(cpus + 1, sizeof(*times));
	sequences = zeroed(cpus + 1, sizeof(*sequences));
	whats = zeroed(cpus + 1, sizeof(*whats));
	for (int order = 0; order <= MAX_ORDER; order++)
		free_lists[order].head = free_lists[order].tail = NO_PAGE;
	untouched_end = pages - pages % (1 << MAX_ORDER);
	free_pages = untouched_end;
	free_blocks[MAX_ORDER] = untouched_end >> MAX_ORDER;
	link_untouched();

	for (int32_t cpu = 0; cpu < cpus; cpu++)
		push_event(cpu, cpu);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu_from);
	clock_gettime(CLOCK_MONOTONIC, &from);
	while (done < operations) {
		double time = times[0];
		int32_t cpu = pop_event(), has, n, i;

		random ^= random << 13;
		random ^= random >> 17;
		random ^= random << 5;
		has = holdings[cpu].length;
		n = 1 + (random & (STEP_PAGES - 1));
		spent_ns = 0;
		if (has == 0 || (has + STEP_PAGES <= held_max && (random & 256))) {
			for (i = 0; i < n; i++) {
				int32_t pfn = allocate_page(cpu);

				if (pfn == NO_PAGE) {
					fprintf(stderr, "the load does not fit into the memory\n");
					return 1;
				}
				push_head(&holdings[cpu], pfn);
			}
			hash = folded(hash, next, holdings[cpu].head, n);
		} else {
			int oldest = (random & 512) != 0;

			if (n > has)
				n = has;
			hash = oldest ? folded(hash, prev, holdings[cpu].tail, n)
				      : folded(hash, next, holdings[cpu].head, n);
			for (i = 0; i < n; i++)
				free_page(cpu, oldest ? pop_tail(&holdings[cpu]) : pop_head(&holdings[cpu]));
		}
		done += n;
		events++;
		hash = (hash ^ (uint32_t)((int64_t)time & 0x7fffffff)) * 0x01000193u;
		push_event(time + spent_ns + (random >> 16 & 1023), cpu);
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu_to);
	getrusage(RUSAGE_SELF, &usage);
	printf("{\"operations\":%lld,\"events\":%lld,\"seconds\":%.6f,\"cpuSeconds\":%.6f,\"hash\":\"%08x\",\"residentMiB\":%.1f}\n",
	       (long long)done, (long long)events, to.tv_sec - from.tv_sec + (to.tv_nsec - from.tv_nsec) / 1e9,
	       cpu_to.tv_sec - cpu_from.tv_sec + (cpu_to.tv_nsec - cpu_from.tv_nsec) / 1e9, hash, usage.ru_maxrss / 1024.0);
	return 0;
}
