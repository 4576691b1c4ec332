/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * HMAC-SHA1 of LANES packets side by side: SHA-1 as FIPS 180-4 section 6.1.2 writes it, where each variable is a VECTOR that
 * holds that variable of every packet. sha1_avx512.c includes this once for each width, and defines before it
 *
 *   LANES     packets: 16 or 8
 *   VECTOR    the type of a register of LANES words
 *   V(op)     the intrinsic of that width: V(add_epi32)
 *   NAME(x)   the name of a function here
 *   ROW_LOAD, ROW_STORE   see below
 */

/**
 * A row holds 16 octets of LANES / 4 packets: those of packet 4 * i + r are the i-th quarter of row r. A transposed row holds one
 * word of all packets, that of packet p in lane p. Transposing twice gives the rows again.
 */
INLINE_AVX512 void NAME(transpose)(VECTOR row[4])
{
	VECTOR low01 = V(unpacklo_epi32)(row[0], row[1]);
	VECTOR high01 = V(unpackhi_epi32)(row[0], row[1]);
	VECTOR low23 = V(unpacklo_epi32)(row[2], row[3]);
	VECTOR high23 = V(unpackhi_epi32)(row[2], row[3]);

	row[0] = V(unpacklo_epi64)(low01, low23);
	row[1] = V(unpackhi_epi64)(low01, low23);
	row[2] = V(unpacklo_epi64)(high01, high23);
	row[3] = V(unpackhi_epi64)(high01, high23);
}

/** Four words of each packet, from offset on; as they stand in memory. */
INLINE_AVX512 void NAME(load)(const struct lanes *lanes, size_t which, size_t offset,
                              VECTOR words[4])
{
	for (unsigned r = 0; r < 4; r++)
		words[r] = ROW_LOAD(lanes->jobs + r, which, offset);
	NAME(transpose)(words);
}

INLINE_AVX512 void NAME(swap)(VECTOR words[4])
{
	const __m128i order =
	        _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203); /* big endian and back */

	for (unsigned i = 0; i < 4; i++)
		words[i] = V(shuffle_epi8)(words[i], V(broadcast_i32x4)(order));
}

INLINE_AVX512 VECTOR NAME(word)(uint32_t value)
{
	return V(set1_epi32)((int)value);
}

/**
 * W(t) for t >= 16, in the place of W(t - 16). The first words of a short message are known to be zero and fall out of plain xors
 * when the compiler folds constants; it does not look into ternary logic, which is cheaper for the others.
 */
INLINE_AVX512 VECTOR NAME(schedule)(const VECTOR w[16], unsigned t, bool zeros)
{
	VECTOR x = w[(t - 16) % 16], y = w[(t - 14) % 16], z = w[(t - 8) % 16], u = w[(t - 3) % 16];
	VECTOR sum = zeros && t < 31
	                     ? V(xor_epi32)(V(xor_epi32)(x, y), V(xor_epi32)(z, u))
	                     : V(xor_epi32)(V(ternarylogic_epi32)(x, y, z, TERNARY_PARITY), u);

	return V(rol_epi32)(sum, 1);
}

/* The five variables change their roles from round to round instead of their places; five rounds bring them back. */
#define ROUND(t, a, b, c, d, e, f, k)                                                              \
	do {                                                                                       \
		if ((t) >= 16)                                                                     \
			w[(t) % 16] = NAME(schedule)(w, (t), zeros);                               \
		e = V(add_epi32)(e, V(add_epi32)(NAME(word)(k), w[(t) % 16]));                     \
		e = V(add_epi32)(e, V(ternarylogic_epi32)(b, c, d, f));                            \
		__asm__("" : "+v"(e)); /* a comes last: compilers sum in any order */              \
		e = V(add_epi32)(e, V(rol_epi32)(a, 5));                                           \
		b = V(rol_epi32)(b, 30);                                                           \
	} while (0)
#define FIVE_ROUNDS(t, f, k)                                                                       \
	do {                                                                                       \
		ROUND((t), a, b, c, d, e, f, k);                                                   \
		ROUND((t) + 1, e, a, b, c, d, f, k);                                               \
		ROUND((t) + 2, d, e, a, b, c, f, k);                                               \
		ROUND((t) + 3, c, d, e, a, b, f, k);                                               \
		ROUND((t) + 4, b, c, d, e, a, f, k);                                               \
	} while (0)
#define TWENTY_ROUNDS(t, f, k)                                                                     \
	do {                                                                                       \
		FIVE_ROUNDS((t), f, k);                                                            \
		FIVE_ROUNDS((t) + 5, f, k);                                                        \
		FIVE_ROUNDS((t) + 10, f, k);                                                       \
		FIVE_ROUNDS((t) + 15, f, k);                                                       \
	} while (0)

/** One block: state becomes SHA-1's next one. zeros: some of the first w are zero, as constants. Spends w. */
/* NOLINTNEXTLINE(readability-function-size): eighty rounds, each a line of a macro */
ROUNDS_AVX512 void NAME(compress)(VECTOR state[5], VECTOR w[16], bool zeros)
{
	VECTOR a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];

	TWENTY_ROUNDS(0, TERNARY_CHOOSE, 0x5a827999u);
	TWENTY_ROUNDS(20, TERNARY_PARITY, 0x6ed9eba1u);
	TWENTY_ROUNDS(40, TERNARY_MAJORITY, 0x8f1bbcdcu);
	TWENTY_ROUNDS(60, TERNARY_PARITY, 0xca62c1d6u);
	state[0] = V(add_epi32)(state[0], a);
	state[1] = V(add_epi32)(state[1], b);
	state[2] = V(add_epi32)(state[2], c);
	state[3] = V(add_epi32)(state[3], d);
	state[4] = V(add_epi32)(state[4], e);
}

/** The end of a message behind its first known words: a one bit, zeros, and its length in bits with the key's block before it. */
INLINE_AVX512 void NAME(pad)(VECTOR w[16], unsigned known, unsigned octets)
{
	w[known] = NAME(word)(0x80000000u);
	for (unsigned i = known + 1; i < 15; i++)
		w[i] = NAME(word)(0);
	w[15] = NAME(word)(8 * (HMAC_SHA1_BLOCK_SIZE + octets));
}

/** The inner hash of any number of AES blocks; a block of SHA-1 is four of them. Not inline: 5 KB of code. */
static __attribute__((noinline)) TARGET_AVX512 void NAME(hash)(const struct lanes *lanes,
                                                               VECTOR state[5])
{
	unsigned blocks = lanes->blocks;

	for (unsigned first = 0; first <= blocks; first += 4) {
		VECTOR w[16];

		for (unsigned i = 0; i < 4; i++) {
			VECTOR *words = &w[4 * i];

			if (first + i < blocks) {
				NAME(load)(lanes, LANE_DATA, (first + i) * AES_BLOCK_SIZE, words);
				NAME(swap)(words);
			} else {
				words[0] = NAME(word)(first + i == blocks ? 0x80000000u : 0);
				words[1] = words[2] = words[3] = NAME(word)(0);
			}
		}
		if (first + 4 > blocks)
			w[15] = NAME(word)(8 * (HMAC_SHA1_BLOCK_SIZE + blocks * AES_BLOCK_SIZE));
		NAME(compress)(state, w, false);
	}
}

/** The first 16 octets of HMAC-SHA1, as words. */
INLINE_AVX512 void NAME(hmac)(const struct lanes *lanes, VECTOR digest[4])
{
	VECTOR w[16], inner[5], outer[5], last[4];

	NAME(load)(lanes, LANE_KEYS, offsetof(struct avx512_keys, inner), inner);
	NAME(load)(lanes, LANE_KEYS, offsetof(struct avx512_keys, inner_last), last);
	inner[4] = last[0];
	if (lanes->blocks == 1) {
		NAME(load)(lanes, LANE_DATA, 0, w);
		NAME(swap)(w);
		NAME(pad)(w, 4, AES_BLOCK_SIZE);
		NAME(compress)(inner, w, true);
	} else {
		NAME(hash)(lanes, inner);
	}
	for (unsigned i = 0; i < 5; i++)
		w[i] = inner[i];
	NAME(pad)(w, 5, HMAC_SHA1_DIGEST_SIZE);
	NAME(load)(lanes, LANE_KEYS, offsetof(struct avx512_keys, outer), outer);
	outer[4] = last[1];
	NAME(compress)(outer, w, true);
	for (unsigned i = 0; i < 4; i++)
		digest[i] = outer[i];
}

static TARGET_AVX512 void NAME(write)(const struct lanes *lanes)
{
	VECTOR digest[4];

	NAME(hmac)(lanes, digest);
	NAME(swap)(digest);
	NAME(transpose)(digest);
	for (unsigned r = 0; r < 4; r++)
		ROW_STORE(lanes->jobs + r, digest[r]);
}

/** Bit p: packet p's HMAC is right. Neither time nor addresses depend on where they differ. */
static TARGET_AVX512 uint32_t NAME(verify)(const struct lanes *lanes)
{
	VECTOR digest[4], received[4];

	NAME(hmac)(lanes, digest);
	NAME(load)(lanes, LANE_HMAC, 0, received);
	NAME(swap)(received);
	VECTOR difference = V(xor_epi32)(digest[0], received[0]);
	for (unsigned i = 1; i < 4; i++)
		difference = V(ternarylogic_epi32)(difference, digest[i], received[i],
		                                   TERNARY_OR_DIFFERENCE);
	return V(testn_epi32_mask)(difference, difference);
}

#undef ROUND
#undef FIVE_ROUNDS
#undef TWENTY_ROUNDS
