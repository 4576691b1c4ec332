/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * AES-128 of several packets side by side, round keys made on the fly. aes_avx512.c includes this once for each width, and defines
 * before it
 *
 *   REGISTERS  registers in flight at once, enough to hide an instruction's latency
 *   QUARTERS   packets (AES blocks) in a register: 4 or 1. Lane p is block p % QUARTERS of register p / QUARTERS
 *   VECTOR     the type of such a register
 *   AES(op)    AES's intrinsics of that width: AES(aesenc)
 *   V(op)      the others: V(set1_epi32); XOR(a, b), SHIFT(x, octets) within each block
 *   NAME(x)    the name of a function here
 *   LOAD(jobs, which, offset), STORE(jobs, which, offset, x)   the blocks of a register from and to the QUARTERS packets at jobs,
 *              as lane_octets has them
 *
 * `registers`, at most REGISTERS, is a constant at each call, so that loops over it unroll.
 */

/**
 * FIPS 197 section 5.2: with t = SubWord(RotWord(last word)) xor Rcon, the words of the next round key are the running xor of this
 * one's, each xor t. AESENCLAST of a block of four equal columns is SubBytes alone, as ShiftRows finds nothing to move; its round
 * key brings in the rest. Rcon is xored into all four words with t, hence into each octet 0 of a word here.
 */
INLINE_AVX512 VECTOR NAME(next_key)(VECTOR key, int rcon)
{
	VECTOR last_rotated = V(shuffle_epi8)(key, V(set1_epi32)(0x0c0f0e0d));
	VECTOR running = XOR(key, SHIFT(key, 4));

	running = V(ternarylogic_epi32)(running, SHIFT(running, 8), V(set1_epi32)(rcon),
	                                TERNARY_PARITY);
	return AES(aesenclast)(last_rotated, running);
}

static const uint8_t NAME(rcon)[AES128_ROUNDS] = {0x01, 0x02, 0x04, 0x08, 0x10,
                                                  0x20, 0x40, 0x80, 0x1b, 0x36};

INLINE_AVX512 void NAME(load_keys)(const struct lanes *lanes, VECTOR key[REGISTERS],
                                   unsigned registers)
{
	UNROLL
	for (unsigned r = 0; r < registers; r++)
		key[r] = LOAD(lanes->jobs + QUARTERS * r, LANE_KEYS, 0);
}

/** Whether the scratch has the round keys already, of which the first is the key itself. */
INLINE_AVX512 bool NAME(has)(const struct aes_scratch *scratch, const VECTOR key[REGISTERS],
                             unsigned registers)
{
	const VECTOR *first = (const void *)scratch->round_keys;
	VECTOR difference = V(set1_epi32)(0);

	UNROLL
	for (unsigned r = 0; r < registers; r++)
		difference =
		        V(ternarylogic_epi32)(difference, key[r], first[r], TERNARY_OR_DIFFERENCE);
	return scratch->lanes == registers * QUARTERS &&
	       V(test_epi32_mask)(difference, difference) == 0;
}

INLINE_AVX512 void NAME(expand)(struct aes_scratch *scratch, VECTOR key[REGISTERS],
                                unsigned registers)
{
	VECTOR(*round)[REGISTERS] = (void *)scratch->round_keys;

	scratch->lanes = registers * QUARTERS;
	UNROLL
	for (unsigned r = 0; r < registers; r++)
		round[0][r] = key[r];
	UNROLL
	for (unsigned i = 0; i < AES128_ROUNDS; i++)
		UNROLL
	for (unsigned r = 0; r < registers; r++)
		round[i + 1][r] = key[r] = NAME(next_key)(key[r], NAME(rcon)[i]);
}

/**
 * FIPS 197 section 5.3.5: the equivalent inverse cipher wants InvMixColumns of the inner round keys. AESIMC is not there for wide
 * registers; AESDEC undoes AESENCLAST's SubBytes and ShiftRows and does that too.
 */
INLINE_AVX512 void NAME(invert)(struct aes_scratch *scratch, unsigned registers)
{
	VECTOR(*round)[REGISTERS] = (void *)scratch->round_keys;
	VECTOR(*inverted)[REGISTERS] = (void *)scratch->inverted;
	const VECTOR zero = V(set1_epi32)(0);

	UNROLL
	for (unsigned i = 1; i < AES128_ROUNDS; i++)
		UNROLL
	for (unsigned r = 0; r < registers; r++)
		inverted[i][r] = AES(aesdec)(AES(aesenclast)(round[i][r], zero), zero);
}

/** CBC with an IV of zero; of one block that is ECB. */
INLINE_AVX512 void NAME(encrypt)(const struct lanes *lanes, struct aes_scratch *scratch,
                                 unsigned registers)
{
	VECTOR(*round)[REGISTERS] = (void *)scratch->round_keys;
	VECTOR x[REGISTERS], key[REGISTERS];

	NAME(load_keys)(lanes, key, registers);
	if (!NAME(has)(scratch, key, registers))
		NAME(expand)(scratch, key, registers);
	UNROLL
	for (unsigned r = 0; r < registers; r++)
		x[r] = V(set1_epi32)(0);
	for (size_t at = 0; at < lanes->blocks * AES_BLOCK_SIZE; at += AES_BLOCK_SIZE) {
		UNROLL
		for (unsigned r = 0; r < registers; r++)
			x[r] = XOR(XOR(x[r], round[0][r]),
			           LOAD(lanes->jobs + QUARTERS * r, LANE_DATA, at));
		UNROLL
		for (unsigned i = 1; i < AES128_ROUNDS; i++)
			UNROLL
		for (unsigned r = 0; r < registers; r++)
			x[r] = AES(aesenc)(x[r], round[i][r]);
		UNROLL
		for (unsigned r = 0; r < registers; r++) {
			x[r] = AES(aesenclast)(x[r], round[AES128_ROUNDS][r]);
			STORE(lanes->jobs + QUARTERS * r, LANE_DATA, at, x[r]);
		}
	}
}

INLINE_AVX512 void NAME(decrypt)(const struct lanes *lanes, struct aes_scratch *scratch,
                                 unsigned registers)
{
	VECTOR(*round)[REGISTERS] = (void *)scratch->round_keys;
	VECTOR(*inverted)[REGISTERS] = (void *)scratch->inverted;
	VECTOR x[REGISTERS], chain[REGISTERS], sealed[REGISTERS], key[REGISTERS];

	NAME(load_keys)(lanes, key, registers);
	NAME(expand)(scratch, key, registers);
	NAME(invert)(scratch, registers);
	UNROLL
	for (unsigned r = 0; r < registers; r++)
		chain[r] = V(set1_epi32)(0);
	for (size_t at = 0; at < lanes->blocks * AES_BLOCK_SIZE; at += AES_BLOCK_SIZE) {
		UNROLL
		for (unsigned r = 0; r < registers; r++) {
			sealed[r] = LOAD(lanes->jobs + QUARTERS * r, LANE_DATA, at);
			x[r] = XOR(sealed[r], round[AES128_ROUNDS][r]);
		}
		UNROLL
		for (unsigned i = AES128_ROUNDS - 1; i > 0; i--)
			UNROLL
		for (unsigned r = 0; r < registers; r++)
			x[r] = AES(aesdec)(x[r], inverted[i][r]);
		UNROLL
		for (unsigned r = 0; r < registers; r++) {
			x[r] = XOR(AES(aesdeclast)(x[r], round[0][r]), chain[r]);
			STORE(lanes->jobs + QUARTERS * r, LANE_DATA, at, x[r]);
			chain[r] = sealed[r];
		}
	}
}
