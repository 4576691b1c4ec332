/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/device_value.h"

#include <ctype.h>
#include <string.h>

#define VDEV_PREFIX "net_"
#define DIGITS      "0123456789"
#define LETTERS     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static int refuse(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                  struct error *error, const char *what, const char *allowed)
{
	char quote[YAML_TREE_QUOTE_SIZE];

	return yaml_tree_error(tree, scalar, error, ERROR_ARGUMENT, "%s %s; allowed: %s",
	                       yaml_tree_quote(scalar, quote), what, allowed);
}

static bool only_has(const struct yaml_tree_node *scalar, const char *characters, size_t room)
{
	return scalar->length > 0 && scalar->length < room &&
	       strspn(scalar->text, characters) == scalar->length;
}

int device_value_read_name(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                           void *destination, struct error *error)
{
	if (!only_has(scalar, DIGITS LETTERS "-_", CONFIG_NAME_SIZE))
		return refuse(tree, scalar, error, "is not a name", DEVICE_VALUE_NAME);
	memcpy(destination, scalar->text, scalar->length + 1);
	return 0;
}

int device_value_read_interface(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                                void *destination, struct error *error)
{
	bool is_dots = strspn(scalar->text, ".") == scalar->length;

	if (!only_has(scalar, DIGITS LETTERS "-_.", CONFIG_INTERFACE_SIZE) || is_dots)
		return refuse(tree, scalar, error, "is not an interface name",
		              DEVICE_VALUE_INTERFACE);
	memcpy(destination, scalar->text, scalar->length + 1);
	return 0;
}

/** "DDDD:BB:DD.F" or "BB:DD.F", hexadecimal, function 0 to 7. */
static bool is_pci_address(const char *text, size_t length)
{
	static const char full[] = "xxxx:xx:xx.f";
	const size_t domain = sizeof("xxxx:") - 1;
	const char *pattern = length == sizeof(full) - 1 ? full : full + domain;

	if (strlen(pattern) != length)
		return false;
	for (size_t i = 0; i < length; i++) {
		bool fits = pattern[i] == 'x'   ? isxdigit((unsigned char)text[i]) != 0
		            : pattern[i] == 'f' ? text[i] >= '0' && text[i] <= '7'
		                                : text[i] == pattern[i];
		if (!fits)
			return false;
	}
	return true;
}

int device_value_read_device(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                             void *destination, struct error *error)
{
	size_t name = strcspn(scalar->text, ",");
	bool is_vdev = device_value_is_vdev(scalar->text) && name > strlen(VDEV_PREFIX) &&
	               strspn(scalar->text, DIGITS LETTERS "_") == name;

	if (!is_vdev && !is_pci_address(scalar->text, name))
		return refuse(tree, scalar, error, "is not a device", DEVICE_VALUE_DEVICE);
	if (scalar->length >= CONFIG_DEVARGS_SIZE)
		return refuse(tree, scalar, error, "is too long", "up to 255 characters");
	for (size_t i = name; i < scalar->length; i++) {
		if (scalar->text[i] <= ' ' || scalar->text[i] > '~')
			return refuse(tree, scalar, error,
			              "has a space or what is not ASCII in its devargs",
			              DEVICE_VALUE_DEVICE);
	}
	memcpy(destination, scalar->text, scalar->length + 1);
	return 0;
}

bool device_value_is_vdev(const char *device)
{
	return strncmp(device, VDEV_PREFIX, strlen(VDEV_PREFIX)) == 0;
}

bool device_value_driver(const char *device, char driver[CONFIG_NAME_SIZE])
{
	static const char user[] = "_user";
	size_t length;

	if (!device_value_is_vdev(device))
		return false;
	device += strlen(VDEV_PREFIX);
	length = strcspn(device, ",");
	while (length > 0 && isdigit((unsigned char)device[length - 1]))
		length--;
	if (length > strlen(user) &&
	    strncmp(device + length - strlen(user), user, strlen(user)) == 0)
		length -= strlen(user);
	if (length == 0 || length >= CONFIG_NAME_SIZE)
		return false;
	memcpy(driver, device, length);
	driver[length] = '\0';
	return true;
}
