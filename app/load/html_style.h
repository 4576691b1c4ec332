/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPECULAR_LOAD_HTML_STYLE_H
#define SPECULAR_LOAD_HTML_STYLE_H

/** The style sheet of the HTML report: light and dark, readable on a phone. */
extern const char html_style[];

#endif
