/* The peer of the trace.dat reader: libtracecmd's own loop over all events in time order, with a callback that only counts. */
#include <stdio.h>
#include <time.h>
#include <trace-cmd.h>

static unsigned long events;

static int count(struct tracecmd_input *handle, struct tep_record *record, int cpu, void *data)
{
	(void)handle;
	(void)record;
	(void)cpu;
	(void)data;
	events++;
	return 0;
}

static double seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	double wall = seconds(CLOCK_MONOTONIC);
	struct tracecmd_input *handle;

	if (argc != 2 || !(handle = tracecmd_open(argv[1], 0))) {
		fprintf(stderr, "usage: iterate trace.dat\n");
		return 2;
	}
	tracecmd_iterate_events(handle, NULL, 0, count, NULL);
	printf("{\"events\":%lu,\"seconds\":%.6f,\"cpuSeconds\":%.6f}\n", events,
	       seconds(CLOCK_MONOTONIC) - wall, seconds(CLOCK_PROCESS_CPUTIME_ID));
	tracecmd_close(handle);
	return 0;
}
