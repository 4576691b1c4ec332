/* SPDX-License-Identifier: BSD-3-Clause */
/** Every example in config/ loads, and every driver profile. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "unit.h"
#include "wire/control_message.h"
#include "wire/ike_key_message.h"

static struct config *load(const char *name)
{
	char path[512];
	struct config *config;
	struct error error = {""};

	(void)snprintf(path, sizeof(path), "%s/config/%s", SOURCE_ROOT, name);
	int status = config_load(path, &config, &error);
	CU_ASSERT_EQUAL(status, 0);
	if (status != 0)
		(void)fprintf(stderr, "%s\n", error.text);
	return config;
}

static void lab_is_what_the_lab_has(void)
{
	struct config *config = load("lab.yaml");
	struct address address;
	uint16_t vlan = 1, outer_vlan = 1;

	CU_ASSERT_PTR_NOT_NULL_FATAL(config);
	CU_ASSERT_EQUAL(config->port_count, 1);
	CU_ASSERT_STRING_EQUAL(config->ports[0].device, "net_af_packet0,iface=spec-app");
	CU_ASSERT(config->ports[0].is_vdev);
	CU_ASSERT_STRING_EQUAL(config->ports[0].driver.name, "af_packet");
	CU_ASSERT_STRING_EQUAL(config->ports[0].kernel_interface, "spec0");
	CU_ASSERT_EQUAL(config->ports[0].mtu, 1500);
	CU_ASSERT_EQUAL(config->ports[0].exception, EXCEPTION_TAP);
	CU_ASSERT_EQUAL(config->eal.main_cpu, 0);
	CU_ASSERT_EQUAL(config->eal.worker_count, 1);
	CU_ASSERT_EQUAL(config->eal.worker_cpus[0], 1);
	CU_ASSERT_EQUAL(config->eal.idle, IDLE_SLEEP);
	CU_ASSERT_EQUAL(config->control.modes, MODE_KNOWN_MASK);
	CU_ASSERT_EQUAL(config->control.listen_count, 2);
	CU_ASSERT_EQUAL(config->control.listen[1].port, TWAMP_CONTROL_PORT);
	CU_ASSERT_STRING_EQUAL(config->keys.psk_file, SOURCE_ROOT "/config/lab.keys.yaml");
	CU_ASSERT_STRING_EQUAL(config->ikev2.sa_file, SOURCE_ROOT "/config/lab.sas.yaml");
	CU_ASSERT_STRING_EQUAL(config->operation.socket, SOURCE_ROOT "/config/specular.sock");
	CU_ASSERT(config->operation.http.enabled);
	CU_ASSERT_EQUAL(address_parse("192.0.2.2", &address), 0);
	CU_ASSERT(config_owns_address(config, &address, &vlan, &outer_vlan));
	CU_ASSERT_EQUAL(vlan, 0);
	CU_ASSERT_EQUAL(outer_vlan, 0);
	CU_ASSERT_EQUAL(address_parse("192.0.2.3", &address), 0);
	CU_ASSERT(!config_owns_address(config, &address, NULL, NULL));
	config_free(config);
}

static void bare_metal_has_vlans(void)
{
	struct config *config = load("bare-metal.yaml");
	struct address address;
	uint16_t vlan, outer_vlan;

	CU_ASSERT_PTR_NOT_NULL_FATAL(config);
	CU_ASSERT(!config->ports[0].is_vdev);
	CU_ASSERT_STRING_EQUAL(config->ports[0].driver.kernel_module, "vfio-pci");
	CU_ASSERT_EQUAL(address_parse("203.0.113.2", &address), 0);
	CU_ASSERT(config_owns_address(config, &address, &vlan, &outer_vlan));
	CU_ASSERT_EQUAL(vlan, 7);
	CU_ASSERT_EQUAL(outer_vlan, 200);
	/* No list: port 862 of every own address, those of VLANs too. */
	CU_ASSERT_EQUAL(config->control.listen_count, 4);
	CU_ASSERT_STRING_EQUAL(config->keys.psk_file, "/etc/specular/keys.yaml");
	config_free(config);
}

static void ikev2_offers_keyed_modes_only(void)
{
	struct config *config = load("ikev2.yaml");

	CU_ASSERT_PTR_NOT_NULL_FATAL(config);
	CU_ASSERT_EQUAL(config->control.modes, MODE_KEYED_MASK | MODE_IKEV2_DERIVED);
	CU_ASSERT_EQUAL(config->ikev2.provider, PROVIDER_CHARON);
	CU_ASSERT_STRING_EQUAL(config->ikev2.socket, IKE_KEY_SOCKET_DEFAULT);
	CU_ASSERT_EQUAL(config->ikev2.derive, DERIVE_DAEMON);
	CU_ASSERT_TRUE(config->ikev2.require_peer_address_match);
	CU_ASSERT_EQUAL(config->ikev2.allowed_identity_count, 2);
	CU_ASSERT_STRING_EQUAL(config->ikev2.allowed_identities[1], "C=CH, O=Example, CN=probe-*");
	CU_ASSERT_STRING_EQUAL(config->keys.psk_file, "");
	config_free(config);
}

static void ike_lab_is_the_lab_without_secrets(void)
{
	struct config *lab = load("lab.yaml");
	struct config *config = load("lab-ike.yaml");

	CU_ASSERT_PTR_NOT_NULL_FATAL(lab);
	CU_ASSERT_PTR_NOT_NULL_FATAL(config);
	CU_ASSERT_EQUAL(config->control.modes, lab->control.modes);
	CU_ASSERT_EQUAL(config->control.listen_count, lab->control.listen_count);
	CU_ASSERT_STRING_EQUAL(config->ports[0].device, lab->ports[0].device);
	CU_ASSERT_EQUAL(config->ikev2.provider, PROVIDER_CHARON);
	CU_ASSERT_STRING_EQUAL(config->ikev2.socket, SOURCE_ROOT "/config/ike/appliance/ippm-keys");
	CU_ASSERT_STRING_EQUAL(config->keys.psk_file, "");
	CU_ASSERT_STRING_EQUAL(config->ikev2.sa_file, "");
	config_free(config);
	config_free(lab);
}

static void ci_bench_loads(void)
{
	struct config *config = load("ci-bench.yaml");

	CU_ASSERT_PTR_NOT_NULL_FATAL(config);
	CU_ASSERT_EQUAL(config->ports[0].exception, EXCEPTION_MANAGEMENT);
	config_free(config);
}

static void each_profile_loads(void)
{
	static const char text[] = "eal: {lcores: {main: 0, workers: [0]}}\n"
	                           "drivers-config: " SOURCE_ROOT "/drivers-config\n"
	                           "ports: [{name: a, device: net_null0, driver: %s, "
	                           "addresses: [192.0.2.2/24]}]\n";
	DIR *folder = opendir(SOURCE_ROOT "/drivers-config");
	char yaml[1024], name[64];
	unsigned profiles = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(folder);
	for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
		struct config *config;
		struct error error = {""};
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(entry->d_name, "."),
		               entry->d_name);
		(void)snprintf(yaml, sizeof(yaml), text, name);
		int status = config_parse("test.yaml", yaml, strlen(yaml), &config, &error);
		CU_ASSERT_EQUAL(status, 0);
		if (status != 0) {
			(void)fprintf(stderr, "%s\n", error.text);
			continue;
		}
		CU_ASSERT_STRING_EQUAL(config->ports[0].driver.name, name);
		CU_ASSERT(config->ports[0].driver.rx_descriptors > 0);
		config_free(config);
		profiles++;
	}
	CU_ASSERT_EQUAL(profiles, 11);
	(void)closedir(folder);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"lab is what the lab has", lab_is_what_the_lab_has},
	        {"bare metal has VLANs", bare_metal_has_vlans},
	        {"ikev2 offers keyed modes only", ikev2_offers_keyed_modes_only},
	        {"IKE lab is the lab without secrets", ike_lab_is_the_lab_without_secrets},
	        {"CI bench loads", ci_bench_loads},
	        {"each profile loads", each_profile_loads},
	        CU_TEST_INFO_NULL};
	return unit_run("config-examples", tests);
}
