/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The configuration: one YAML file to one const struct. Every key is documented in doc/configuration.md. Errors read
 * "FILE:LINE:COLUMN: path.to.key: what is wrong; what is allowed". Read at start, before EAL, and to be compared at a reload.
 * Strings and arrays belong to the struct; config_free releases them and wipes nothing (no secret is in here: PSK and SA files
 * are named, and read by lib/key). While a program runs by it, config_take alone changes it, in place and on the slow path.
 */
#ifndef SPECULAR_CONFIG_CONFIG_H
#define SPECULAR_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/error.h"
#include "base/log.h"

#define CONFIG_LCORES_MAX          32u
#define CONFIG_PORTS_MAX           16u
#define CONFIG_ADDRESSES_MAX       32u /**< per port or VLAN */
#define CONFIG_VLANS_MAX           64u /**< per port */
#define CONFIG_LISTEN_MAX          16u
#define CONFIG_SENDER_PREFIXES_MAX 64u
#define CONFIG_IDENTITIES_MAX      64u
#define CONFIG_HTTP_HOSTS_MAX      32u
#define CONFIG_NAME_SIZE           64u
#define CONFIG_PATH_SIZE           512u
#define CONFIG_DEVARGS_SIZE        256u
#define CONFIG_IDENTITY_SIZE       256u
#define CONFIG_HOST_NAME_SIZE      254u  /**< RFC 1035 section 2.3.4, as text */
#define CONFIG_INTERFACE_SIZE      16u   /**< IFNAMSIZ */
#define CONFIG_AUDIT_LOG           "log" /**< log.audit: the audit's events go to the log */

enum config_hugepages { HUGEPAGES_AUTO, HUGEPAGES_REQUIRED, HUGEPAGES_NONE };
/** What a polling lcore does when its queues are empty. */
enum config_idle { IDLE_SPIN, IDLE_PAUSE, IDLE_SLEEP };
enum config_exception { EXCEPTION_TAP, EXCEPTION_BIFURCATED, EXCEPTION_MANAGEMENT };
enum config_provider { PROVIDER_NONE, PROVIDER_STATIC, PROVIDER_CHARON };
enum config_token_key { TOKEN_KEY_PBKDF2, TOKEN_KEY_DIRECT };
/** Who computes prf(SK_d, "IPPM"): the IKE daemon, so that SK_d stays in it, or the appliance from SK_d. */
enum config_derive { DERIVE_DAEMON, DERIVE_APPLIANCE };
enum config_padding { PADDING_REUSE, PADDING_ZERO };
/** What opens and seals test packets. */
enum config_crypto { CRYPTO_AUTO, CRYPTO_AVX512, CRYPTO_IPSEC_MB };
enum config_timestamp_source { CONFIG_TIMESTAMP_AUTO, CONFIG_TIMESTAMP_TSC, CONFIG_TIMESTAMP_NIC };

struct config_prefix {
	struct address address;
	uint8_t length;
};

struct config_eal {
	uint16_t main_cpu; /**< slow path */
	uint16_t worker_cpus
	        [CONFIG_LCORES_MAX]; /**< polling lcores; may name the main CPU on a one-core machine */
	unsigned worker_count;
	enum config_hugepages hugepages;
	uint32_t memory_mib;
	enum config_idle idle;
	uint32_t idle_sleep_us; /**< how long IDLE_SLEEP sleeps at most */
};

/** drivers-config/NAME.yaml: what a NIC driver likes. */
struct config_driver {
	char name[CONFIG_NAME_SIZE];
	uint16_t rx_descriptors;
	uint16_t tx_descriptors;
	uint16_t max_queues;
	bool rss; /**< use RSS when the port has more than one queue and the capability */
	bool checksum_offload; /**< the NIC checks received IPv4 header checksums when it can */
	enum config_timestamp_source timestamps;
	bool promiscuous;
	char devargs[CONFIG_DEVARGS_SIZE]; /**< appended to the port's own, "" for none */
	char kernel_module
	        [CONFIG_NAME_SIZE]; /**< "vfio-pci" when the NIC must be unbound from the kernel, "" for bifurcated drivers and vdevs */
};

struct config_vlan {
	uint16_t id;       /**< inner or only VLAN ID, 1..4094 */
	uint16_t outer_id; /**< S-VLAN of QinQ, 0 for none */
	struct config_prefix addresses[CONFIG_ADDRESSES_MAX];
	unsigned address_count;
};

struct config_port {
	char name[CONFIG_NAME_SIZE];
	char device
	        [CONFIG_DEVARGS_SIZE]; /**< "0000:01:00.0[,devargs]" or a vdev "net_af_packet0,iface=eth1" */
	bool is_vdev;
	struct config_driver driver; /**< the profile, read */
	struct config_prefix addresses[CONFIG_ADDRESSES_MAX];
	unsigned address_count;
	struct config_vlan vlans[CONFIG_VLANS_MAX];
	unsigned vlan_count;
	uint16_t queues;
	uint16_t mtu;
	enum config_exception exception;
	char kernel_interface[CONFIG_INTERFACE_SIZE]; /**< name of the TAP */
	uint32_t exception_rate; /**< frames a second to the kernel, per port */
};

struct config_listen {
	struct address address; /**< unspecified: every address of that family */
	uint16_t port;
};

/** Limits of one pool of clients. */
struct config_limits {
	uint32_t connections;
	uint32_t connections_per_address;
	uint32_t sessions;
	uint32_t sessions_per_connection;
	uint32_t sessions_per_address;
};

struct config_control {
	struct config_listen listen[CONFIG_LISTEN_MAX];
	unsigned listen_count;
	uint32_t
	        modes; /**< bits of enum twamp_mode, MODE_IKEV2_DERIVED included when ikev2.provider is not none */
	uint32_t servwait;        /**< seconds, RFC 5357 section 3.1 */
	uint32_t refwait;         /**< seconds, RFC 5357 section 4.2 */
	uint32_t count;           /**< PBKDF2 iterations, a power of two from 1024 */
	uint32_t salt_lifetime;   /**< seconds that a Salt (and its cached derivations) lives */
	uint32_t set_up_deadline; /**< seconds from TCP accept to the end of set-up */
	uint32_t half_open;       /**< set-ups in progress, in all */
	struct config_limits unauthenticated;
	struct config_limits keyed;
	/** Sender Addresses accepted beside the connection's own. */
	struct config_prefix sender_addresses[CONFIG_SENDER_PREFIXES_MAX];
	unsigned sender_address_count;
	uint32_t log_per_minute; /**< lines a minute for each kind of refused request */
};

struct config_keys {
	char psk_file
	        [CONFIG_PATH_SIZE]; /**< "" for none; relative paths are relative to the configuration file */
};

struct config_ikev2 {
	enum config_provider provider;
	enum config_token_key token_key;
	char sa_file[CONFIG_PATH_SIZE]; /**< static: the SA table */
	char socket[CONFIG_PATH_SIZE];  /**< charon: the plugin's unix socket */
	uint32_t timeout_ms;            /**< provider answers within */
	enum config_derive derive;
	/** The control connection must come from the address of the SA's peer. */
	bool require_peer_address_match;
	/** Patterns of fnmatch for the IKE identity of the SA's peer; none: any. */
	char allowed_identities[CONFIG_IDENTITIES_MAX][CONFIG_IDENTITY_SIZE];
	unsigned allowed_identity_count;
};

struct config_test {
	uint16_t port_lower; /**< UDP ports of the Session-Reflector, inclusive */
	uint16_t port_upper;
	enum config_padding padding;
	enum config_crypto crypto;
	bool discard_zero_multiplier; /**< drop test packets whose Error Estimate is corrupt */
	uint32_t timeout_maximum;     /**< seconds; a longer Timeout asked for is refused */
	uint32_t ahead; /**< sessions a core that blocks and HMACs are computed for ahead of time */
};

struct config_http {
	bool enabled; /**< the mapping is in the file */
	struct config_listen listen;
	/** Names beside addresses and localhost by which a request may call the listener; without a dot at the end. */
	char hosts[CONFIG_HTTP_HOSTS_MAX][CONFIG_HOST_NAME_SIZE];
	unsigned host_count;
};

/** How the running appliance is watched and told what to do. */
struct config_operation {
	char socket[CONFIG_PATH_SIZE];       /**< unix socket of specularctl, "" for none */
	bool socket_preset;                  /**< the file does not name it */
	char socket_group[CONFIG_NAME_SIZE]; /**< whose members may ask, "" for none */
	struct config_http http;
	uint32_t drain_deadline; /**< seconds that SIGTERM lets sessions end, 0: at once */
	uint32_t
	        stuck_after; /**< seconds without a poll after which a polling lcore counts as stuck */
	char user
	        [CONFIG_NAME_SIZE]; /**< whom the process becomes after start, "" to stay who it is */
};

struct config_log {
	enum log_level level;
	enum log_format format;
	char audit[CONFIG_PATH_SIZE]; /**< "" for none, CONFIG_AUDIT_LOG, or a file */
};

struct config {
	char path[CONFIG_PATH_SIZE];
	char drivers_config
	        [CONFIG_PATH_SIZE]; /**< the folder that the driver profiles were read from */
	struct config_eal eal;
	struct config_port ports[CONFIG_PORTS_MAX];
	unsigned port_count;
	struct config_control control;
	struct config_keys keys;
	struct config_ikev2 ikev2;
	struct config_test test;
	struct config_operation operation;
	struct config_log log;
};

/**
 * Reads and checks a file (and the driver profiles that it names). On success the caller owns *config until config_free.
 * ERROR_FORMAT, ERROR_ARGUMENT, ERROR_NOT_FOUND, ERROR_SYSTEM with the text described above.
 */
int config_load(const char *path, struct config **config, struct error *error);

/** As config_load, from memory; name stands for the file in errors and its directory for relative paths. The fuzz target's way in. */
int config_parse(const char *name, const char *text, size_t size, struct config **config,
                 struct error *error);
void config_free(struct config *config);

/** path: as errors name the key; valid during the call. reload: config_take takes the new value; else it needs a restart. */
typedef void (*config_changed)(void *context, const char *path, bool reload);

/** Tells of every key whose value differs, in the order of the file's description. The contents of key files are not compared. */
void config_compare(const struct config *running, const struct config *next, config_changed changed,
                    void *context);

/** The keys that a reload takes get next's values; all others, and pointers into *running, stay good. */
void config_take(struct config *running, const struct config *next);

/** True when address is one of the appliance's own; the VLAN IDs it lives in (0 for none) are written then. */
bool config_owns_address(const struct config *config, const struct address *address, uint16_t *vlan,
                         uint16_t *outer_vlan);

#endif
