/*
 * Peer of the simulator: ns-3 with the event pattern of bench/page-loop.ts, one event for each page operation: CPUs
 * that each have one event waiting, and the next one follows a short random time later. The work of an event is one
 * draw and one fold into a hash. The bare schedulers only (no Simulator, no callbacks), and the Simulator as a model
 * uses it, with its default scheduler. CalendarScheduler is left out: at 4096 CPUs it takes 50 times as long.
 *
 * usage: ns3-events CPUS EVENTS
 */
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <ns3/heap-scheduler.h>
#include <ns3/map-scheduler.h>
#include <ns3/nstime.h>
#include <ns3/priority-queue-scheduler.h>
#include <ns3/ptr.h>
#include <ns3/simulator.h>

using namespace ns3;

static uint32_t random_state, hash;
static uint64_t left;

static uint32_t draw(uint32_t cpu)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	hash = (hash ^ cpu) * 0x01000193u;
	return 60 + (random_state >> 16 & 127);
}

static void bare(Ptr<Scheduler> scheduler, uint32_t cpus)
{
	uint32_t uid = 0;

	for (uint32_t cpu = 0; cpu < cpus; cpu++)
		scheduler->Insert({nullptr, {cpu, uid++, cpu}});
	while (left-- > 0) {
		Scheduler::Event event = scheduler->RemoveNext();

		event.key.m_ts += draw(event.key.m_context);
		event.key.m_uid = uid++;
		scheduler->Insert(event);
	}
}

static void step(uint32_t cpu)
{
	uint32_t delay = draw(cpu);

	if (--left == 0)
		Simulator::Stop();
	Simulator::Schedule(NanoSeconds(delay), &step, cpu);
}

static void simulator(uint32_t cpus)
{
	for (uint32_t cpu = 0; cpu < cpus; cpu++)
		Simulator::Schedule(NanoSeconds(cpu), &step, cpu);
	Simulator::Run();
	Simulator::Destroy();
}

static double seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

template <typename Work> static void run(const char *name, uint64_t events, const char *after, Work work)
{
	double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);

	random_state = 2463534242u;
	hash = 0x811c9dc5u;
	left = events;
	work();
	wall = seconds(CLOCK_MONOTONIC) - wall;
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	printf("{\"name\":\"%s\",\"events\":%llu,\"seconds\":%.6f,\"cpuSeconds\":%.6f,\"hash\":\"%08x\"}%s", name,
	       (unsigned long long)events, wall, cpu, hash, after);
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: ns3-events CPUS EVENTS\n");
		return 2;
	}
	uint32_t cpus = atoi(argv[1]);
	uint64_t events = atoll(argv[2]);

	printf("[");
	run("ns-3 Simulator", events, ",", [=] { simulator(cpus); });
	run("ns-3 MapScheduler", events, ",", [=] { bare(CreateObject<MapScheduler>(), cpus); });
	run("ns-3 HeapScheduler", events, ",", [=] { bare(CreateObject<HeapScheduler>(), cpus); });
	run("ns-3 PriorityQueueScheduler", events, "]\n", [=] { bare(CreateObject<PriorityQueueScheduler>(), cpus); });
	return 0;
}
