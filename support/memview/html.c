/* SPDX-License-Identifier: MIT */

/*
 * The recording as a page: the arrow keys step through it. It works from a
 * file, and without JavaScript it shows all steps below one another.
 */

#include "faces.h"
#include "text.h"

static const char head[] =
	"<style>\n"
	":root{color-scheme:light dark}\n"
	"body{font:16px sans-serif;margin:1rem auto;max-width:66rem;"
	"padding:0 1rem}\n"
	"svg{max-width:100%;height:auto}\n"
	"nav{position:sticky;top:0;padding:.5rem 0;background:Canvas}\n"
	"button{font:inherit;padding:.3rem .8rem}\n"
	"@media print{nav{display:none}}\n"
	"</style>\n"
	"</head>\n<body>\n";

static const char script[] =
	"<script>\n"
	"const steps = document.querySelectorAll('section');\n"
	"let now = 0;\n"
	"function show(step) {\n"
	"\tnow = Math.max(0, Math.min(steps.length - 1, step));\n"
	"\tsteps.forEach((section, i) => section.hidden = i !== now);\n"
	"\tdocument.querySelector('output').textContent =\n"
	"\t\t`step ${now + 1} of ${steps.length}`;\n"
	"}\n"
	"const keys = { ArrowLeft: -1, ArrowUp: -1, PageUp: -1,\n"
	"\tArrowRight: 1, ArrowDown: 1, PageDown: 1, ' ': 1,\n"
	"\tHome: -Infinity, End: Infinity };\n"
	"document.addEventListener('keydown', event => {\n"
	"\tif (!(event.key in keys) || event.altKey || event.ctrlKey ||\n"
	"\t    event.metaKey || event.target.tagName === 'BUTTON' &&\n"
	"\t    event.key === ' ')\n"
	"\t\treturn;\n"
	"\tevent.preventDefault();\n"
	"\tshow(now + keys[event.key]);\n"
	"});\n"
	"document.getElementById('back').onclick = () => show(now - 1);\n"
	"document.getElementById('on').onclick = () => show(now + 1);\n"
	"document.querySelector('nav').hidden = steps.length < 2;\n"
	"show(0);\n"
	"</script>\n";

int html_print(FILE *out, const struct film *film, bool unfold)
{
	size_t i;

	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	      "<meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width\">\n"
	      "<title>Address space of ",
	      out);
	text_xml(out, film->steps[film->count - 1].title);
	fputs("</title>\n", out);
	fputs(head, out);
	fputs("<nav hidden><button id=\"back\">&larr; back</button>\n"
	      "<button id=\"on\">on &rarr;</button>\n"
	      "<output aria-live=\"polite\"></output> "
	      "(arrow keys)</nav>\n",
	      out);
	for (i = 0; i < film->count; i++) {
		fputs("<section>\n", out);
		if (svg_print_step(out, film, i, unfold) != 0)
			return -1;
		fputs("</section>\n", out);
	}
	fputs(script, out);
	fputs("</body>\n</html>\n", out);
	return 0;
}
