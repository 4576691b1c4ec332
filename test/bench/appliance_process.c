/* SPDX-License-Identifier: BSD-3-Clause */
#include "appliance_process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crypto/key_derivation.h"

#define START_LIMIT_MS 60000u
#define STOP_LIMIT_MS  60000u
#define POLL_MS        20u
#define LOG_TAIL_SIZE  400
#define PATH_SIZE      (APPLIANCE_FOLDER_LENGTH + 32u)

#define SPI_I "0102030405060708"
#define SPI_R "1112131415161718"
#define SK_D  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void sleep_ms(unsigned milliseconds)
{
	const struct timespec time = {.tv_sec = milliseconds / 1000,
	                              .tv_nsec = (long)(milliseconds % 1000) * 1000000};

	(void)nanosleep(&time, NULL);
}

static void path_of(const struct appliance_process *process, const char *name, char path[PATH_SIZE])
{
	(void)snprintf(path, PATH_SIZE, "%s/%s", process->folder, name);
}

static FILE *create_file(const struct appliance_process *process, const char *name)
{
	char path[PATH_SIZE];
	FILE *file;

	path_of(process, name, path);
	file = fopen(path, "w");
	if (file != NULL)
		(void)fchmod(fileno(file), S_IRUSR | S_IWUSR);
	return file;
}

static int write_file(const struct appliance_process *process, const char *name, const char *format,
                      ...) __attribute__((format(printf, 3, 4)));

static int write_file(const struct appliance_process *process, const char *name, const char *format,
                      ...)
{
	FILE *file = create_file(process, name);
	va_list arguments;

	if (file == NULL)
		return ERROR_SYSTEM;
	va_start(arguments, format);
	(void)vfprintf(file, format, arguments);
	va_end(arguments);
	return fclose(file) == 0 ? 0 : ERROR_SYSTEM;
}

void appliance_psk(unsigned number, uint8_t key_id[KEY_PROVIDER_ID_SIZE],
                   struct shared_secret *secret)
{
	memset(key_id, 0, KEY_PROVIDER_ID_SIZE);
	(void)snprintf((char *)key_id, KEY_PROVIDER_ID_SIZE, "bench-%u", number);
	memset(secret, 0, sizeof(*secret));
	(void)snprintf((char *)secret->octets, sizeof(secret->octets), "passphrase %u", number);
	secret->size = strlen((const char *)secret->octets);
}

static void read_hex(const char *text, uint8_t *octets)
{
	for (; *text != '\0'; text += 2) {
		char digits[3] = {text[0], text[1], '\0'};

		*octets++ = (uint8_t)strtoul(digits, NULL, 16);
	}
}

int appliance_sa(uint8_t key_id[KEY_PROVIDER_ID_SIZE], struct shared_secret *secret)
{
	uint8_t sk_d[(sizeof(SK_D) - 1) / 2];

	memset(key_id, 0, KEY_PROVIDER_ID_SIZE);
	read_hex(SPI_I SPI_R, key_id);
	read_hex(SK_D, sk_d);
	memset(secret, 0, sizeof(*secret));
	return ike_shared_secret(IKE_PRF_HMAC_SHA2_256, sk_d, sizeof(sk_d), secret->octets,
	                         &secret->size);
}

static int write_keys(const struct appliance_process *process, unsigned key_count)
{
	FILE *file = create_file(process, "psk.yaml");
	uint8_t key_id[KEY_PROVIDER_ID_SIZE];
	struct shared_secret secret;

	if (file == NULL)
		return ERROR_SYSTEM;
	(void)fprintf(file, "keys:\n");
	for (unsigned i = 0; i < key_count; i++) {
		appliance_psk(i, key_id, &secret);
		(void)fprintf(file, "  - {key-id: %s, secret-key: %s}\n", (const char *)key_id,
		              (const char *)secret.octets);
	}
	if (fclose(file) != 0)
		return ERROR_SYSTEM;
	return write_file(process, "sa.yaml",
	                  "security-associations:\n  - {spi-i: \"" SPI_I "\", spi-r: \"" SPI_R
	                  "\", prf: hmac-sha2-256, sk-d: \"" SK_D "\"}\n");
}

void appliance_cpus(unsigned *main_cpu, unsigned *worker_cpu)
{
	unsigned found = 0;
	cpu_set_t allowed;

	*main_cpu = *worker_cpu = 0;
	if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
		return;
	for (unsigned cpu = 0; cpu < CPU_SETSIZE && found < 2; cpu++) {
		if (!CPU_ISSET(cpu, &allowed))
			continue;
		if (found++ == 0)
			*main_cpu = cpu;
		*worker_cpu = cpu;
	}
}

/** One pool's limits: none is reached. */
#define LIMITS                                                                                     \
	"{connections: 65535, connections-per-address: 65535, sessions: %u, "                      \
	"sessions-per-connection: 65535, sessions-per-address: %u}"

static int write_configuration(const struct appliance_process *process, unsigned sessions)
{
	unsigned main_cpu;
	unsigned worker_cpu;

	appliance_cpus(&main_cpu, &worker_cpu);
	return write_file(process, "specular.yaml",
	                  "eal:\n"
	                  "  lcores: {main: %u, workers: [%u]}\n"
	                  "  hugepages: none\n"
	                  "  idle: sleep\n"
	                  "  idle-sleep: 10000\n"
	                  "drivers-config: %s/drivers-config\n"
	                  "ports:\n"
	                  "  - {name: bench, device: net_ring0, driver: ring, "
	                  "addresses: [" APPLIANCE_ADDRESS "/24], exception: management}\n"
	                  "control:\n"
	                  "  listen: [{address: 127.0.0.1, port: %u}]\n"
	                  "  count: %u\n"
	                  "  half-open: 4096\n"
	                  "  limits: {unauthenticated: " LIMITS ", keyed: " LIMITS "}\n"
	                  "keys: {psk-file: psk.yaml}\n"
	                  "ikev2: {provider: static, sa-file: sa.yaml}\n",
	                  main_cpu, worker_cpu, SOURCE_ROOT, process->control.port,
	                  APPLIANCE_PBKDF2_COUNT, sessions, sessions, sessions, sessions);
}

/** A TCP port of 127.0.0.1 that nobody uses now. */
static int free_port(struct endpoint *endpoint)
{
	struct sockaddr_storage address;
	socklen_t size;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int status = ERROR_SYSTEM;

	if (fd < 0)
		return ERROR_SYSTEM;
	*endpoint = (struct endpoint){.port = 0};
	if (address_parse("127.0.0.1", &endpoint->address) == 0) {
		size = endpoint_to_sockaddr(endpoint, &address);
		if (bind(fd, (struct sockaddr *)&address, size) == 0 &&
		    getsockname(fd, (struct sockaddr *)&address, &size) == 0)
			status = endpoint_from_sockaddr((struct sockaddr *)&address, endpoint);
	}
	(void)close(fd);
	return status;
}

static void run_program(const struct appliance_process *process, const char *program)
{
	char configuration[PATH_SIZE];
	char log[PATH_SIZE];
	sigset_t none;
	int fd;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)setsid(); /* an interrupt shall come to the bench alone, which ends it in order */
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	path_of(process, "specular.yaml", configuration);
	path_of(process, "log", log);
	fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, S_IRUSR | S_IWUSR);
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
		_exit(EXIT_FAILURE);
	(void)execl(program, program, "--config", configuration, (char *)NULL);
	(void)fprintf(stderr, "%s: %s\n", program, strerror(errno));
	_exit(EXIT_FAILURE);
}

static bool takes_connections(const struct endpoint *endpoint)
{
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(endpoint, &address);
	int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool taken = fd >= 0 && connect(fd, (struct sockaddr *)&address, size) == 0;

	if (fd >= 0)
		(void)close(fd);
	return taken;
}

/** True when it ended within the time; the pid is gone then. */
static bool wait_for_end(struct appliance_process *process, unsigned limit_ms, int *code)
{
	for (unsigned waited = 0; waited <= limit_ms; waited += POLL_MS) {
		if (waitpid(process->pid, code, WNOHANG) == process->pid) {
			process->pid = 0;
			return true;
		}
		sleep_ms(POLL_MS);
	}
	return false;
}

/** The last of its log as an error's text. */
static int fail(const struct appliance_process *process, const char *what, struct error *error)
{
	char tail[LOG_TAIL_SIZE + 1] = "";
	char path[PATH_SIZE];
	FILE *file;

	path_of(process, "log", path);
	file = fopen(path, "r");
	if (file != NULL) {
		if (fseek(file, -LOG_TAIL_SIZE, SEEK_END) != 0)
			rewind(file);
		tail[fread(tail, 1, LOG_TAIL_SIZE, file)] = '\0';
		(void)fclose(file);
	}
	return error_set(error, ERROR_SYSTEM, "the appliance %s: %s", what, tail);
}

static void remove_folder(const struct appliance_process *process)
{
	static const char *const names[] = {"specular.yaml", "psk.yaml", "sa.yaml", "log"};
	char path[PATH_SIZE];

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		path_of(process, names[i], path);
		(void)unlink(path);
	}
	(void)rmdir(process->folder);
}

static int launch(struct appliance_process *process, const char *program, struct error *error)
{
	pid_t parent = getpid();

	process->pid = fork();
	if (process->pid == 0)
		run_program(process, program);
	if (process->pid < 0)
		return error_set(error, ERROR_SYSTEM, "fork of %d: %s", (int)parent,
		                 strerror(errno));
	for (unsigned waited = 0; waited < START_LIMIT_MS; waited += POLL_MS) {
		int code;

		if (waitpid(process->pid, &code, WNOHANG) == process->pid) {
			process->pid = 0;
			return fail(process, "ended", error);
		}
		if (takes_connections(&process->control))
			return 0;
		sleep_ms(POLL_MS);
	}
	return fail(process, "does not listen", error);
}

int appliance_process_start(struct appliance_process *process, const char *program,
                            unsigned key_count, unsigned sessions, struct error *error)
{
	int status;

	memset(process, 0, sizeof(*process));
	(void)snprintf(process->folder, sizeof(process->folder), "/tmp/bench-control-XXXXXX");
	if (mkdtemp(process->folder) == NULL)
		return error_set(error, ERROR_SYSTEM, "no temporary folder: %s", strerror(errno));
	status = free_port(&process->control);
	if (status == 0)
		status = write_keys(process, key_count);
	if (status == 0)
		status = write_configuration(process, sessions);
	if (status != 0)
		(void)error_set(error, status, "%s: %s", process->folder, strerror(errno));
	if (status == 0)
		status = launch(process, program, error);
	if (status != 0)
		(void)appliance_process_stop(process, NULL);
	return status;
}

int appliance_process_stop(struct appliance_process *process, struct error *error)
{
	int status = 0;
	int code = 0;

	if (process->pid > 0) {
		(void)kill(process->pid, SIGTERM);
		if (!wait_for_end(process, STOP_LIMIT_MS, &code)) {
			(void)kill(process->pid, SIGKILL);
			(void)waitpid(process->pid, &code, 0);
		}
		if (code != 0)
			status = fail(process, "did not end well", error);
	}
	remove_folder(process);
	return status;
}

uint64_t appliance_process_cpu_ns(const struct appliance_process *process)
{
	uint64_t nanoseconds = 0;
	char path[64];
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", (int)process->pid,
	               (int)process->pid);
	file = fopen(path, "r");
	if (file == NULL)
		return 0;
	if (fscanf(file, "%" SCNu64, &nanoseconds) != 1)
		nanoseconds = 0;
	(void)fclose(file);
	return nanoseconds;
}
