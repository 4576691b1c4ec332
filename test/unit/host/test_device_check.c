/* SPDX-License-Identifier: BSD-3-Clause */
#include "device_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

#define ADDRESS "0000:01:00.0"

static char root[] = "/tmp/pci-XXXXXX";
static struct config_port port;
static struct error error;

static void set_port(const char *device, bool is_vdev, const char *module)
{
	memset(&port, 0, sizeof(port));
	port.is_vdev = is_vdev;
	(void)snprintf(port.name, sizeof(port.name), "uplink");
	(void)snprintf(port.device, sizeof(port.device), "%s", device);
	(void)snprintf(port.driver.kernel_module, sizeof(port.driver.kernel_module), "%s", module);
}

static void bind_to(const char *driver)
{
	char path[128];
	char target[128];

	(void)snprintf(path, sizeof(path), "%s/" ADDRESS "/driver", root);
	(void)unlink(path);
	if (driver == NULL)
		return;
	(void)snprintf(target, sizeof(target), "../../../bus/pci/drivers/%s", driver);
	CU_ASSERT_EQUAL_FATAL(symlink(target, path), 0);
}

static void a_bound_nic_is_told_with_the_remedy(void)
{
	set_port("01:00.0,x=y", false, "vfio-pci");
	bind_to("ixgbe");
	CU_ASSERT_EQUAL(device_check(&port, root, &error), ERROR_UNAVAILABLE);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "ixgbe"));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "--bind=vfio-pci " ADDRESS));
	bind_to(NULL);
	CU_ASSERT_EQUAL(device_check(&port, root, &error), ERROR_UNAVAILABLE);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "modprobe vfio-pci"));
}

static void dpdk_modules_pass(void)
{
	set_port(ADDRESS, false, "vfio-pci");
	bind_to("vfio-pci");
	CU_ASSERT_EQUAL(device_check(&port, root, &error), 0);
	bind_to("uio_pci_generic");
	CU_ASSERT_EQUAL(device_check(&port, root, &error), 0);
	set_port(ADDRESS, false, "");
	bind_to("mlx5_core");
	CU_ASSERT_EQUAL(device_check(&port, root, &error), 0);
}

static void missing_devices_are_told(void)
{
	set_port("0000:02:00.0", false, "vfio-pci");
	CU_ASSERT_EQUAL(device_check(&port, root, &error), ERROR_NOT_FOUND);
	set_port("net_af_packet0,iface=no-such-if", true, "");
	CU_ASSERT_EQUAL(device_check(&port, root, &error), ERROR_NOT_FOUND);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "no-such-if"));
	set_port("net_af_packet0,iface=lo", true, "");
	CU_ASSERT_EQUAL(device_check(&port, root, &error), 0);
	set_port("net_tap0,iface=made-by-it", true, "");
	CU_ASSERT_EQUAL(device_check(&port, root, &error), 0);
	set_port("net_null0", true, "");
	CU_ASSERT_EQUAL(device_check(&port, root, &error), 0);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"a bound NIC is told with the remedy", a_bound_nic_is_told_with_the_remedy},
	        {"DPDK's modules pass", dpdk_modules_pass},
	        {"missing devices are told", missing_devices_are_told},
	        CU_TEST_INFO_NULL};
	char path[64];

	if (mkdtemp(root) == NULL)
		return 1;
	(void)snprintf(path, sizeof(path), "%s/" ADDRESS, root);
	if (mkdir(path, 0700) != 0)
		return 1;
	int code = unit_run("host-device-check", tests);
	bind_to(NULL);
	(void)rmdir(path);
	(void)rmdir(root);
	return code;
}
