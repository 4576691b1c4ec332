/* SPDX-License-Identifier: BSD-3-Clause */
#include "html_style.h"

/* A literal each: compilers promise no more than 4095 characters of one. */
#define LIGHT                                                                                      \
	":root{color-scheme:light dark;--page:#fff;--card:#f6f7f9;--ink:#16191d;--soft:#5a626c;"   \
	"--edge:#d9dde3;--lane:#eceff3;--good:#0b6b3a;--good-page:#e3f4ea;--bad:#a3161c;"          \
	"--bad-page:#fdeaea;--s0:#1f66c9;--s1:#c2570c;--s2:#0a7d63;--s3:#7a3fc4;--s4:#b8246f;"     \
	"--s5:#6b6416}\n"
#define DARK                                                                                       \
	"@media(prefers-color-scheme:dark){:root{--page:#14171b;--card:#1c2026;--ink:#e6e9ed;"     \
	"--soft:#a0a9b4;--edge:#363d47;--lane:#232932;--good:#6fdc9f;--good-page:#12301f;"         \
	"--bad:#ff9a9a;--bad-page:#3b1a1c;--s0:#6da8ff;--s1:#f5a05a;--s2:#4fd0ae;--s3:#bd97f7;"    \
	"--s4:#f58abf;--s5:#d0c862}}\n"
#define PAGE                                                                                       \
	"*{box-sizing:border-box}\n"                                                               \
	"body{margin:0 auto;padding:1.5rem 1.25rem 4rem;max-width:72rem;background:var(--page);"   \
	"color:var(--ink);font:15px/1.5 system-ui,-apple-system,\"Segoe UI\",Roboto,\"DejaVu "     \
	"Sans\",sans-serif}\n"                                                                     \
	"h1{margin:0;font-size:1.5rem;overflow-wrap:anywhere}\n"                                   \
	"h2{margin:2.25rem 0 .5rem;font-size:1.1rem}\n"                                            \
	"p{margin:.4rem 0;overflow-wrap:anywhere}.note,.when{color:var(--soft)}\n"                 \
	".note{font-size:.85rem}\n"                                                                \
	".verdict{margin:1rem 0;padding:.7rem 1rem;border-radius:.4rem;border-left:.4rem solid;"   \
	"font-size:1.15rem;font-weight:600;overflow-wrap:anywhere}\n"                              \
	".verdict.good{background:var(--good-page);color:var(--good)}\n"                           \
	".verdict.bad{background:var(--bad-page);color:var(--bad)}\n"
#define FIGURES                                                                                    \
	".tiles{display:flex;flex-wrap:wrap;gap:.75rem;margin:1rem 0;padding:0;list-style:none}\n" \
	".tiles li{flex:1 1 10rem;padding:.6rem .9rem;background:var(--card);"                     \
	"border:1px solid var(--edge);border-radius:.4rem}\n"                                      \
	".tiles b{display:block;font-size:1.35rem;font-weight:600;"                                \
	"font-variant-numeric:tabular-nums;overflow-wrap:anywhere}\n"                              \
	".tiles span{color:var(--soft);font-size:.85rem}\n"                                        \
	"figure{margin:1.5rem 0;padding:.9rem 1rem;background:var(--card);"                        \
	"border:1px solid var(--edge);border-radius:.4rem}\n"                                      \
	"figcaption{font-weight:600;margin-bottom:.4rem}\n"                                        \
	".scroll{overflow-x:auto}\n"                                                               \
	"svg{display:block;width:100%;min-width:36rem;height:auto;overflow:visible}\n"             \
	"svg text{fill:var(--soft);font-size:12px}svg .axis{font-size:12.5px}\n"                   \
	"svg .label{fill:var(--ink);paint-order:stroke;stroke:var(--card);stroke-width:4px}\n"     \
	".grid{stroke:var(--edge);stroke-width:.7}.frame{stroke:var(--soft);stroke-width:1}\n"     \
	".lane{fill:var(--lane)}.rule{stroke:var(--soft);stroke-width:1.2;"                        \
	"stroke-dasharray:5 4}\n"                                                                  \
	".line{fill:none;stroke:currentColor;stroke-width:1.8;stroke-linejoin:round}\n"            \
	".dot{fill:currentColor}.hollow{fill:var(--card);stroke:currentColor;stroke-width:2}\n"    \
	".s0{color:var(--s0)}.s1{color:var(--s1)}.s2{color:var(--s2)}.s3{color:var(--s3)}\n"       \
	".s4{color:var(--s4)}.s5{color:var(--s5)}\n"                                               \
	".line.s1{stroke-dasharray:9 3}.line.s2{stroke-dasharray:3 3}\n"                           \
	".line.s3{stroke-dasharray:12 3 3 3}.line.s4{stroke-dasharray:16 4}\n"                     \
	".line.s5{stroke-dasharray:2 5}.line.dense{stroke-width:1.2;stroke-dasharray:none}\n"      \
	".legend{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;margin:.4rem 0 0;padding:0;"         \
	"list-style:none;font-size:.85rem;overflow-wrap:anywhere}\n"                               \
	"svg.key{display:inline-block;min-width:0;width:1.9em;margin-right:.5em}\n"
#define TABLES                                                                                     \
	"table{border-collapse:collapse;font-size:.87rem;margin:.3rem 0}\n"                        \
	"th,td{padding:.28rem .8rem .28rem 0;text-align:left;vertical-align:top;"                  \
	"border-bottom:1px solid var(--edge)}\n"                                                   \
	"th{font-weight:600;color:var(--soft)}th.span{padding-top:.8rem;color:var(--ink)}\n"       \
	".n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}\n"              \
	"td{overflow-wrap:break-word}td:last-child:not(.n){overflow-wrap:anywhere;"                \
	"min-width:8rem}\n"                                                                        \
	"tr.good td:last-child{color:var(--good)}\n"                                               \
	"tr.bad td:last-child{color:var(--bad);font-weight:600}\n"                                 \
	"tr.bad td{background:var(--bad-page)}\n"                                                  \
	".pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,28rem),1fr));"   \
	"gap:0 2rem}.pair table{width:100%}\n"                                                     \
	"@media(max-width:40rem){svg{min-width:22rem}svg text{font-size:19px}"                     \
	"svg .axis{font-size:19px}figure{padding:.7rem .5rem}}\n"                                  \
	"@media print{figure,tr{break-inside:avoid}}\n"

const char html_style[] = LIGHT DARK PAGE FIGURES TABLES;
