"""Peer of the simulator: SimPy with the event pattern of bench/page-loop.ts, one event for each page operation.

Each CPU is a process that waits a short random time, again and again. Runs with SimPy 3 and 4 (`simpy`), else with
SimPy 2 (`SimPy`), which Debian calls python3-simpy.

usage: simpy-events.py CPUS EVENTS
"""

import sys
import time

cpus, events = int(sys.argv[1]), int(sys.argv[2])
state = {"random": 2463534242, "hash": 0x811C9DC5, "done": 0}


def step(cpu):
    """Draws the time to the next event of a CPU."""
    x = state["random"]
    x ^= (x << 13) & 0xFFFFFFFF
    x ^= x >> 17
    x ^= (x << 5) & 0xFFFFFFFF
    state["random"] = x
    state["hash"] = ((state["hash"] ^ cpu) * 0x01000193) & 0xFFFFFFFF
    state["done"] += 1
    return 60 + (x >> 16 & 127)


def report(name, started):
    seconds, cpu_seconds = (now - then for now, then in zip(clocks(), started))
    print(
        '{"name":"%s","events":%d,"seconds":%.6f,"cpuSeconds":%.6f,"hash":"%08x"}'
        % (name, state["done"], seconds, cpu_seconds, state["hash"])
    )


def clocks():
    return time.perf_counter(), time.process_time()


try:
    import simpy
except ImportError:
    from SimPy.Simulation import Process, Simulation, hold
    import SimPy

    class Cpu(Process):
        def work(self, cpu):
            yield hold, self, cpu
            while state["done"] < events:
                yield hold, self, step(cpu)
            self.sim.stopSimulation()

    simulation = Simulation()
    simulation.initialize()
    for cpu in range(cpus):
        process = Cpu(name="cpu", sim=simulation)
        simulation.activate(process, process.work(cpu))
    started = clocks()
    simulation.simulate(until=1e18)
    report("SimPy " + SimPy.__version__, started)
else:

    def work(environment, over, cpu):
        yield environment.timeout(cpu)
        while state["done"] < events:
            yield environment.timeout(step(cpu))
        if not over.triggered:
            over.succeed()

    environment = simpy.Environment()
    over = environment.event()
    for cpu in range(cpus):
        environment.process(work(environment, over, cpu))
    started = clocks()
    environment.run(until=over)
    report("SimPy " + simpy.__version__, started)
