/* A floor, not a peer: reads a whole file and adds up its 64-bit words, as a decoder must at least do. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	static uint64_t words[32768];
	double start = seconds();
	FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
	uint64_t sum = 0;
	size_t bytes = 0, count;

	if (!file) {
		fprintf(stderr, "usage: scan FILE\n");
		return 2;
	}
	setvbuf(file, NULL, _IONBF, 0);
	while ((count = fread(words, 8, 32768, file)) > 0) {
		bytes += count * 8;
		for (size_t i = 0; i < count; i++)
			sum += words[i];
	}
	printf("{\"bytes\":%zu,\"seconds\":%.6f,\"sum\":\"%016llx\"}\n", bytes, seconds() - start, (unsigned long long)sum);
	return 0;
}
