/* SPDX-License-Identifier: BSD-3-Clause */
#include "eal_arguments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

static struct config config;
static struct eal_arguments arguments;
static struct error error;

static void start_over(const char *device, bool is_vdev)
{
	memset(&config, 0, sizeof(config));
	config.eal = (struct config_eal){
	        .main_cpu = 0, .worker_cpus = {1, 3}, .worker_count = 2, .memory_mib = 256};
	config.port_count = 1;
	config.ports[0].is_vdev = is_vdev;
	config.ports[0].queues = 1;
	config.ports[0].mtu = 1500;
	config.ports[0].driver.max_queues = 8;
	(void)snprintf(config.ports[0].device, sizeof(config.ports[0].device), "%s", device);
}

static bool has(const char *text)
{
	for (int i = 0; i < arguments.count; i++) {
		if (strcmp(arguments.vector[i], text) == 0)
			return true;
	}
	return false;
}

static void build(bool hugepages)
{
	CU_ASSERT_EQUAL_FATAL(eal_arguments_build(&config, hugepages, &arguments, &error), 0);
	CU_ASSERT_PTR_NULL(arguments.vector[arguments.count]);
}

static void memory_follows_hugepages(void)
{
	start_over("net_null0", true);
	build(true);
	CU_ASSERT(has("--in-memory") && has("--single-file-segments") && !has("--no-huge"));
	build(false);
	CU_ASSERT(has("--no-huge") && has("--no-shconf") && has("-m256") && !has("--in-memory"));
}

static void each_appliance_has_telemetry_of_its_own(void)
{
	char first[EAL_ARGUMENT_SIZE] = "";

	start_over("net_null0", true);
	build(false);
	CU_ASSERT(has("--no-telemetry"));
	(void)snprintf(config.operation.socket, sizeof(config.operation.socket), "/run/a.sock");
	config.operation.socket_preset = true;
	build(false);
	CU_ASSERT(has("--file-prefix=specular") && !has("--no-telemetry"));
	config.operation.socket_preset = false;
	build(false);
	for (int i = 0; i < arguments.count; i++) {
		if (strncmp(arguments.text[i], "--file-prefix=specular-", 23) == 0)
			(void)snprintf(first, sizeof(first), "%s", arguments.text[i]);
	}
	CU_ASSERT_EQUAL(strlen(first), strlen("--file-prefix=specular-12345678"));
	build(false);
	CU_ASSERT(has(first));
	(void)snprintf(config.operation.socket, sizeof(config.operation.socket), "/run/b.sock");
	build(false);
	CU_ASSERT(!has(first));
}

static void lcores_are_mapped(void)
{
	start_over("net_null0", true);
	build(true);
	CU_ASSERT(has("--lcores=0@0,1@1,2@3") && has("--main-lcore=0"));
	config.eal.worker_count = 1;
	config.eal.worker_cpus[0] = 0;
	build(true);
	CU_ASSERT(has("--lcores=0@0,1@0"));
}

static void all_lcores_fit(void)
{
	start_over("net_null0", true);
	config.eal.main_cpu = UINT16_MAX;
	config.eal.worker_count = CONFIG_LCORES_MAX;
	for (unsigned i = 0; i < CONFIG_LCORES_MAX; i++)
		config.eal.worker_cpus[i] = UINT16_MAX;
	build(true);
}

static void devices_are_named(void)
{
	start_over("net_null0,size=64", true);
	build(true);
	CU_ASSERT(has("--vdev=net_null0,size=64") && has("--no-pci"));
	start_over("01:00.0,a=b", false);
	(void)snprintf(config.ports[0].driver.devargs, sizeof(config.ports[0].driver.devargs),
	               "c=d");
	build(true);
	CU_ASSERT(has("--allow=0000:01:00.0,a=b,c=d") && !has("--no-pci"));
	start_over("0001:02:00.1", false);
	build(true);
	CU_ASSERT(has("--allow=0001:02:00.1"));
}

static void af_packet_is_completed(void)
{
	start_over("net_af_packet0,iface=x", true);
	build(true);
	CU_ASSERT(has("--vdev=net_af_packet0,iface=x"));
	CU_ASSERT_EQUAL(eal_device_frame_size(&config.ports[0]), 2048);
	/* Queue pairs only for what is polled: the kernel shares frames out over all of them. */
	config.ports[0].queues = 4;
	build(true);
	CU_ASSERT(has("--vdev=net_af_packet0,iface=x,qpairs=2"));
	config.ports[0].queues = 1;
	config.ports[0].mtu = 9000;
	build(true);
	CU_ASSERT(has("--vdev=net_af_packet0,iface=x,framesz=16384,blocksz=65536,framecnt=512"));
	start_over("net_af_packet0,iface=x,framesz=4096,qpairs=1", true);
	config.ports[0].mtu = 3000;
	build(true);
	CU_ASSERT(has("--vdev=net_af_packet0,iface=x,framesz=4096,qpairs=1"));
	CU_ASSERT_EQUAL(eal_device_frame_size(&config.ports[0]), 4096);
}

static void device_arguments_are_found(void)
{
	char value[8];

	start_over("net_x0,my_iface=no,iface=eth1,long=123456789", true);
	CU_ASSERT(eal_device_argument(&config.ports[0], "iface", value, sizeof(value)));
	CU_ASSERT_STRING_EQUAL(value, "eth1");
	CU_ASSERT_FALSE(eal_device_argument(&config.ports[0], "face", value, sizeof(value)));
	CU_ASSERT_FALSE(eal_device_argument(&config.ports[0], "long", value, sizeof(value)));
	CU_ASSERT_FALSE(eal_device_argument(&config.ports[0], "net_x0", value, sizeof(value)));
}

static void make_folder(const char *root, const char *name, const char *pages)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s", root, name);
	CU_ASSERT_EQUAL_FATAL(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/%s/free_hugepages", root, name);
	FILE *file = fopen(path, "we");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	(void)fprintf(file, "%s\n", pages);
	(void)fclose(file);
}

static void remove_folder(const char *root, const char *name)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s/free_hugepages", root, name);
	(void)unlink(path);
	(void)snprintf(path, sizeof(path), "%s/%s", root, name);
	(void)rmdir(path);
}

static void free_hugepages_are_summed(void)
{
	char root[] = "/tmp/hugepages-XXXXXX";

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(root));
	make_folder(root, "hugepages-2048kB", "100");
	make_folder(root, "hugepages-1048576kB", "2");
	make_folder(root, "other", "7");
	CU_ASSERT_EQUAL(hugepages_free_mib(root), 200 + 2048);
	remove_folder(root, "hugepages-2048kB");
	remove_folder(root, "hugepages-1048576kB");
	remove_folder(root, "other");
	CU_ASSERT_EQUAL(hugepages_free_mib(root), 0);
	CU_ASSERT_EQUAL(rmdir(root), 0);
	CU_ASSERT_EQUAL(hugepages_free_mib(root), 0);
}

static void hugepages_are_chosen(void)
{
	struct config_eal eal = {.memory_mib = 256, .hugepages = HUGEPAGES_AUTO};
	bool use, fallback;

	CU_ASSERT_EQUAL(hugepages_choose(&eal, 256, &use, &fallback, &error), 0);
	CU_ASSERT(use && !fallback);
	CU_ASSERT_EQUAL(hugepages_choose(&eal, 255, &use, &fallback, &error), 0);
	CU_ASSERT(!use && fallback);
	eal.hugepages = HUGEPAGES_NONE;
	CU_ASSERT_EQUAL(hugepages_choose(&eal, 1024, &use, &fallback, &error), 0);
	CU_ASSERT(!use && !fallback);
	eal.hugepages = HUGEPAGES_REQUIRED;
	CU_ASSERT_EQUAL(hugepages_choose(&eal, 0, &use, &fallback, &error), ERROR_UNAVAILABLE);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "nr_hugepages"));
	CU_ASSERT_EQUAL(hugepages_choose(&eal, 256, &use, &fallback, &error), 0);
	CU_ASSERT(use);
}

int main(void)
{
	CU_TestInfo tests[] = {{"memory follows hugepages", memory_follows_hugepages},
	                       {"each appliance has telemetry of its own",
	                        each_appliance_has_telemetry_of_its_own},
	                       {"lcores are mapped", lcores_are_mapped},
	                       {"all lcores fit", all_lcores_fit},
	                       {"devices are named", devices_are_named},
	                       {"af_packet is completed", af_packet_is_completed},
	                       {"device arguments are found", device_arguments_are_found},
	                       {"free hugepages are summed", free_hugepages_are_summed},
	                       {"hugepages are chosen", hugepages_are_chosen},
	                       CU_TEST_INFO_NULL};
	return unit_run("host-eal-arguments", tests);
}
