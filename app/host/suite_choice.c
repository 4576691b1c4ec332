/* SPDX-License-Identifier: BSD-3-Clause */
#include "suite_choice.h"

#include "base/log.h"

static enum suite_kind fastest_suite(void)
{
	struct error reason;
	enum suite_kind kind = suite_kind_fastest(&reason);

	if (reason.text[0] != '\0')
		log_event(LOG_LEVEL_WARNING, "crypto", "ipsec-mb is used: %s", reason.text);
	return kind;
}

int suite_choose(const struct config *config, enum suite_kind *kind, struct error *error)
{
	struct error inner;

	switch (config->test.crypto) {
	case CRYPTO_AUTO:
		*kind = fastest_suite();
		break;
	case CRYPTO_IPSEC_MB:
		*kind = SUITE_IPSEC_MB;
		break;
	case CRYPTO_AVX512:
		*kind = SUITE_AVX512;
		int status = suite_cross_check(SUITE_AVX512, &inner);
		if (status != 0)
			return error_set(error, status, "%s: test.crypto: %s; use auto or ipsec-mb",
			                 config->path, inner.text);
		break;
	}
	return 0;
}
