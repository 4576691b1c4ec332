/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every interleaving of a reader that an update interrupts between any two of its instructions, and of an update that a reader
 * interrupts so. The processor's trap flag stops after each instruction (SIGTRAP), and the handler is the other thread. The TSC
 * runs at 2^31 Hz, so that each tick is exactly two units of 2^-32 s and every parameter set gives exactly the same time: a
 * reading from two sets at once would differ.
 */
#include <signal.h>
#include <ucontext.h>

#include "clock/tsc_clock.h"
#include "unit.h"

#define TRAP_FLAG    0x100 /**< of EFLAGS */
#define EXACT_HZ     (UINT64_C(1) << 31)
#define UNITS_A_TICK 2u
#define START_TSC    UINT64_C(1000000007)
#define START_NTP    UINT64_C(0xfffffff000000001)
#define INTERVAL     (EXACT_HZ / 10)

static struct tsc_clock clock_under_test;
static struct clock_sample sample;

/** What the handler does, set while no instruction is traced. */
static struct {
	volatile bool on;       /**< trace; cleared by the traced code to end it */
	volatile uint64_t step; /**< instructions traced */
	uint64_t update_at;     /**< the step at which it updates; 0: never */
	unsigned updates;       /**< how often it updates then */
	bool reads;             /**< it reads at every step */
	volatile uint64_t wrong;
} trace;

static uint64_t exact(uint64_t tsc)
{
	return START_NTP + (tsc - START_TSC) * UNITS_A_TICK;
}

static void update(void)
{
	sample.tsc += INTERVAL;
	sample.realtime_ntp = exact(sample.tsc);
	(void)tsc_clock_update(&clock_under_test, &sample);
}

static bool reads_exactly(void)
{
	uint64_t tsc = START_TSC + 12345;

	return tsc_clock_read(&clock_under_test, tsc).ntp == exact(tsc);
}

static void on_trap(int number, siginfo_t *information, void *context)
{
	greg_t *flags = &((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL];

	(void)number;
	(void)information;
	if (!trace.on) {
		*flags &= ~TRAP_FLAG;
		return;
	}
	*flags |= TRAP_FLAG;
	trace.step = trace.step + 1;
	if (trace.reads && !reads_exactly())
		trace.wrong = trace.wrong + 1;
	for (unsigned i = 0; trace.step == trace.update_at && i < trace.updates; i++)
		update();
}

/** From the return of raise() on every instruction traps, until trace.on is false. */
static void trace_begin(void)
{
	trace.step = 0;
	trace.on = true;
	(void)raise(SIGTRAP);
}

static void set_up(void)
{
	struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};

	CU_ASSERT_EQUAL_FATAL(sigaction(SIGTRAP, &action, NULL), 0);
	sample = (struct clock_sample){.tsc = START_TSC,
	                               .realtime_ntp = START_NTP,
	                               .uncertainty_ns = 20,
	                               .kernel_error_ns = 1000,
	                               .synchronized = true};
	tsc_clock_init(&clock_under_test, EXACT_HZ, &sample);
	trace.reads = false;
	trace.update_at = 0;
	trace.wrong = 0;
}

static void reader_interrupted_by_updates(void)
{
	static const unsigned updates[] = {1, TSC_CLOCK_SLOTS - 2, TSC_CLOCK_SLOTS - 1,
	                                   TSC_CLOCK_SLOTS, 3 * TSC_CLOCK_SLOTS};

	for (unsigned i = 0; i < sizeof(updates) / sizeof(updates[0]); i++) {
		set_up();
		trace.updates = updates[i];
		do {
			trace.update_at++;
			trace_begin();
			bool right = reads_exactly();
			trace.on = false;
			CU_ASSERT(right);
		} while (trace.step >=
		         trace.update_at); /* until the reader ends before the update */
		CU_ASSERT(trace.update_at > 20);
		CU_ASSERT_EQUAL(clock_under_test.current, (trace.update_at - 1) * updates[i]);
	}
}

static void update_interrupted_by_readers(void)
{
	set_up();
	trace.reads = true;
	for (unsigned i = 0; i < 3 * TSC_CLOCK_SLOTS; i++) {
		trace_begin();
		update();
		trace.on = false;
		CU_ASSERT(trace.step > 20);
	}
	CU_ASSERT_EQUAL(trace.wrong, 0);
	CU_ASSERT_EQUAL(clock_under_test.current, 3 * TSC_CLOCK_SLOTS);
}

int main(void)
{
	CU_TestInfo tests[] = {{"reader interrupted by updates", reader_interrupted_by_updates},
	                       {"update interrupted by readers", update_interrupted_by_readers},
	                       CU_TEST_INFO_NULL};
	return unit_run("clock-tsc-clock-interleaving", tests);
}
