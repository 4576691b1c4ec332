/* SPDX-License-Identifier: BSD-3-Clause */
/** Numbers as people read them. */
#ifndef SPECULAR_CTL_QUANTITY_H
#define SPECULAR_CTL_QUANTITY_H

#define QUANTITY_SIZE 32

/** Each writes into text, and returns it. */
typedef const char *quantity_format(double value, char text[QUANTITY_SIZE]);

/** As it is up to 9999, then with three digits and k, M, G, T: 12.3k. */
quantity_format quantity_scaled;
/** 512 B, 1.20 KiB, 3.45 GiB. */
quantity_format quantity_octets;
/** Of seconds: 0.25 s, 12.0 s, 1:02:03, 4d 01:02:03. */
quantity_format quantity_duration;
/** Of nanoseconds: 850 ns, 1.20 us, 34.5 ms. */
quantity_format quantity_nanoseconds;
/** Of a share: 12.3%. */
quantity_format quantity_percent;

#endif
