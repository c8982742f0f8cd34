// SPDX-License-Identifier: MIT
/* Self tests of counters, trace events and the failure gate, at boot with `selftest` and hosted. */
#include <base/types.h>
#include <base/string.h>
#include <kernel/selftest.h>
#include <kernel/task.h>
#include <mm/fault_inject.h>
#include <mm/gfp.h>
#include <mm/slab.h>
#include <mm/trace.h>
#include <mm/vmstat.h>
#include <mm/zone.h>

static int test_events(void)
{
	unsigned long allocated, freed;
	struct page *page;

	allocated = vm_event_sum(PGALLOC_DMA32) + vm_event_sum(PGALLOC_NORMAL) +
		    vm_event_sum(PGALLOC_DMA);
	freed = vm_event_sum(PGFREE);
	page = alloc_page(GFP_KERNEL);
	SELFTEST_EXPECT(page);
	SELFTEST_EXPECT(vm_event_sum(PGALLOC_DMA32) + vm_event_sum(PGALLOC_NORMAL) +
				vm_event_sum(PGALLOC_DMA) >
			allocated);
	__free_page(page);
	SELFTEST_EXPECT(vm_event_sum(PGFREE) > freed);
	return 0;
}
SELFTEST("stat/events", test_events);

/* kmem:kmalloc is recorded with its fields, and its line has Linux's words. */
static int test_trace(void)
{
	struct trace_event *event = trace_find_event("kmem", "kmalloc");
	static char line[256], format[1024];
	struct trace_cursor cursor;
	bool seen = false;
	void *p;

	SELFTEST_EXPECT(event);
	SELFTEST_EXPECT(trace_format_text(event, format, sizeof(format)) > 100);
	SELFTEST_EXPECT(
		strstr(format, "\tfield:size_t bytes_req;\toffset:24;\tsize:8;\tsigned:0;\n"));
	SELFTEST_EXPECT(strstr(format, "\tfield:int node;\toffset:44;\tsize:4;\tsigned:1;\n"));
	SELFTEST_EXPECT(!trace_set_enabled(event, true));
	trace_clear();
	p = kmalloc_array(1, 777, GFP_KERNEL);
	kfree(p);
	SELFTEST_EXPECT(!trace_set_enabled(event, false));
	trace_cursor_init(&cursor, true);
	while (trace_read_line(&cursor, line, sizeof(line)))
		seen |= strstr(line, "kmalloc: call_site=") &&
			strstr(line, "bytes_req=777 bytes_alloc=1024");
	SELFTEST_EXPECT(seen);
	SELFTEST_EXPECT(trace_entries() == 0);
	return 0;
}
SELFTEST("stat/trace", test_trace);

static int test_fault_gate(void)
{
	struct fault_attr *attr = &fault_attrs[FAULT_USERCOPY];
	unsigned int failed = 0;
	char text[16];

	SELFTEST_EXPECT(!should_fail_usercopy());
	SELFTEST_EXPECT(setup_fault_attr(attr, "1,101,0,-1") == -EINVAL);
	SELFTEST_EXPECT(setup_fault_attr(attr, "nonsense") == -EINVAL);
	attr->verbose = 0;
	SELFTEST_EXPECT(!setup_fault_attr(attr, "3,100,0,2"));
	for (int i = 0; i < 30; i++)
		failed += should_fail_usercopy();
	SELFTEST_EXPECT(failed == 2);
	SELFTEST_EXPECT(fault_attr_read(FAULT_USERCOPY, "times", text, sizeof(text)) == 2 &&
			!strcmp(text, "0\n"));
	SELFTEST_EXPECT(!setup_fault_attr(attr, "1,30,0,-1"));
	fault_set_seed(42);
	for (int i = 0, n = 0; i < 1000; i++) {
		n += should_fail_usercopy();
		SELFTEST_EXPECT(i < 999 || (n > 200 && n < 400));
	}
	/* Bytes that succeed first: while more than is asked for is left. */
	SELFTEST_EXPECT(!setup_fault_attr(attr, "1,100,3,-1"));
	SELFTEST_EXPECT(!should_fail_usercopy() && !should_fail_usercopy());
	SELFTEST_EXPECT(should_fail_usercopy());
	SELFTEST_EXPECT(!fault_attr_write(FAULT_USERCOPY, "probability", "0"));
	SELFTEST_EXPECT(fault_attr_write(FAULT_USERCOPY, "probability", "1000") == -EINVAL);
	SELFTEST_EXPECT(fault_attr_write(FAULT_USERCOPY, "nothing", "1") == -ENOENT);
	SELFTEST_EXPECT(!fault_armed);
	return 0;
}
SELFTEST("stat/fault-gate", test_fault_gate);
