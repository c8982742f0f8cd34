// SPDX-License-Identifier: MIT
/*
 * A flame graph (the idea is Brendan Gregg's, 2011): a box per node, as wide as its instructions, on top of
 * its caller's; boxes side by side are in the order of their names. What is narrower than a third of a
 * pixel is left out, its share stays as a gap.
 */
#define _GNU_SOURCE
#include "profile_write.h"

#include "say.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 1200, ROW = 17, HEAD = 46, FOOT = 12, LETTER = 7 };

struct flame {
	FILE *f;
	const struct profile *p;
	uint32_t *first, *next; /* children by parent, in order of their names */
	uint64_t total;
	unsigned int depth; /* of the deepest box that is drawn */
};

/* Coordinates and behaviour of the document. data-x and data-w are instructions, T all of them. */
static const char script[] =
	"var svg=document.documentElement,all=[].slice.call(svg.querySelectorAll('g.f')),"
	"note=svg.getElementById('note'),T=+svg.getAttribute('data-total');\n"
	"function num(g,a){return +g.getAttribute('data-'+a)}\n"
	"function label(g,w){var t=g.querySelector('text'),n=Math.floor((w-6)/7),s=g.getAttribute('data-n');"
	"t.textContent=n<2?'':s.length<=n?s:s.slice(0,n-1)+'\\u2026'}\n"
	"function place(g,x,w){g.style.display=w<0.3?'none':'';var r=g.querySelector('rect');"
	"r.setAttribute('x',x);r.setAttribute('width',Math.max(w-0.5,0.2));"
	"g.querySelector('text').setAttribute('x',x+3);label(g,w)}\n"
	"function zoom(x0,w0,d){all.forEach(function(g){var x=num(g,'x'),w=num(g,'w'),k=1200/w0;"
	"if(num(g,'d')<d&&x<=x0&&x+w>=x0+w0)place(g,0,1200);"
	"else if(num(g,'d')<d||x<x0||x+w>x0+w0)g.style.display='none';"
	"else place(g,(x-x0)*k,w*k)})}\n"
	"function search(){var s=prompt('Functions (regular expression):');if(s===null)return;"
	"var re=s?new RegExp(s):null,sum=0,end=[];all.forEach(function(g){"
	"var hit=re&&re.test(g.getAttribute('data-n'));g.classList.toggle('hit',!!hit);"
	"if(hit){var x=num(g,'x'),w=num(g,'w');if(!end.some(function(e){return x>=e[0]&&x<e[1]})){"
	"end.push([x,x+w]);sum+=w}}});"
	"note.textContent=re?s+': '+sum+' instructions, '+(100*sum/T).toFixed(1)+' %':''}\n"
	"all.forEach(function(g){g.addEventListener('click',function(){zoom(num(g,'x'),num(g,'w'),num(g,'d'))})});\n"
	"svg.getElementById('reset').addEventListener('click',function(){zoom(0,T,0)});\n"
	"svg.getElementById('search').addEventListener('click',search);\n"
	"window.addEventListener('keydown',function(e){if(e.key==='/'||(e.ctrlKey&&e.key==='f')){"
	"e.preventDefault();search()}});\n";

static const struct profile *sorting;

static int by_name_down(const void *a, const void *b)
{
	return strcmp(sorting->v[*(const uint32_t *)b].name, sorting->v[*(const uint32_t *)a].name);
}

static void order_children(struct flame *g)
{
	uint32_t *all = xcalloc(g->p->n, sizeof(*all));
	size_t n = 0;

	g->first = xcalloc(g->p->n, sizeof(*g->first));
	g->next = xcalloc(g->p->n, sizeof(*g->next));
	for (uint32_t i = 1; i < g->p->n; i++)
		all[n++] = i;
	sorting = g->p;
	qsort(all, n, sizeof(*all), by_name_down);
	for (size_t k = 0; k < n; k++) {
		uint32_t parent = g->p->v[all[k]].parent;

		g->next[all[k]] = g->first[parent];
		g->first[parent] = all[k];
	}
	free(all);
}

static bool visible(const struct flame *g, uint32_t i)
{
	return (double)g->p->v[i].inclusive * WIDTH >= (double)g->total / 3;
}

static void measure(struct flame *g, uint32_t node, unsigned int depth)
{
	if (depth > g->depth)
		g->depth = depth;
	for (uint32_t i = g->first[node]; i; i = g->next[i])
		if (visible(g, i))
			measure(g, i, depth + 1);
}

static void put_text(FILE *f, const char *s)
{
	for (; *s; s++) {
		if (*s == '<')
			fputs("&lt;", f);
		else if (*s == '>')
			fputs("&gt;", f);
		else if (*s == '&')
			fputs("&amp;", f);
		else if (*s == '"')
			fputs("&quot;", f);
		else
			fputc(*s, f);
	}
}

/* Entries blue, user space grey, functions from yellow to red by their names: one function, one colour. */
static void put_colour(FILE *f, const struct pnode *n)
{
	unsigned int h = 5381;

	for (const char *s = n->name; *s; s++)
		h = h * 33 + (unsigned char)*s;
	if (n->root && n->name[0] == '(')
		fputs("#c8c8c8", f);
	else if (n->root)
		fprintf(f, "rgb(%u,%u,%u)", 120 + h % 40, 170 + h / 40 % 30, 225);
	else
		fprintf(f, "rgb(%u,%u,%u)", 215 + h % 40, 90 + h / 40 % 140, 50 + h / 5600 % 30);
}

static void put_box(const struct flame *g, uint32_t i, uint64_t at, unsigned int depth)
{
	const struct pnode *n = &g->p->v[i];
	double x = (double)at / (double)g->total * WIDTH;
	double w = (double)n->inclusive / (double)g->total * WIDTH;
	unsigned int y = HEAD + (g->depth - depth) * ROW;
	int letters = (int)((w - 6) / LETTER);

	fprintf(g->f,
		"<g class=\"f\" data-x=\"%" PRIu64 "\" data-w=\"%" PRIu64
		"\" data-d=\"%u\" data-n=\"",
		at, n->inclusive, depth);
	put_text(g->f, n->name);
	fputs("\"><title>", g->f);
	put_text(g->f, n->name);
	fprintf(g->f,
		": %" PRIu64 " instructions (%.2f %%), %" PRIu64 " of its own, %" PRIu64
		" times</title>",
		n->inclusive, 100.0 * (double)n->inclusive / (double)g->total, n->self, n->calls);
	fprintf(g->f, "<rect x=\"%.2f\" y=\"%u\" width=\"%.2f\" height=\"%d\" fill=\"", x, y,
		w > 0.7 ? w - 0.5 : 0.2, ROW - 1);
	put_colour(g->f, n);
	fprintf(g->f, "\"/><text x=\"%.2f\" y=\"%u\">", x + 3, y + 12);
	if (letters >= 2) {
		char *shown = xstrdup(n->name);
		bool cut = strlen(shown) > (size_t)letters;

		if (cut)
			shown[letters - 1] = '\0';
		put_text(g->f, shown);
		fputs(cut ? "\xe2\x80\xa6" : "", g->f);
		free(shown);
	}
	fputs("</text></g>\n", g->f);
}

static void put_boxes(const struct flame *g, uint32_t node, uint64_t at, unsigned int depth)
{
	for (uint32_t i = g->first[node]; i; i = g->next[i]) {
		if (visible(g, i)) {
			put_box(g, i, at, depth);
			put_boxes(g, i, at, depth + 1);
		}
		at += g->p->v[i].inclusive;
	}
}

void write_svg(FILE *f, const struct profile *p, const char *title)
{
	struct flame g = { .f = f, .p = p, .total = p->v[0].inclusive };

	order_children(&g);
	measure(&g, 0, 0);
	fprintf(f,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" "
		"width=\"%d\" height=\"%u\" viewBox=\"0 0 %d %u\" data-total=\"%" PRIu64 "\">\n",
		WIDTH, HEAD + (g.depth + 1) * ROW + FOOT, WIDTH, HEAD + (g.depth + 1) * ROW + FOOT,
		g.total);
	fputs("<style>text{font:12px monospace;fill:#000;pointer-events:none}.b{fill:#06c;cursor:pointer;"
	      "pointer-events:all}.f{cursor:pointer}.f:hover rect{stroke:#000}.hit rect{fill:#d0f}</style>\n"
	      "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n<text x=\"6\" y=\"18\">",
	      f);
	put_text(f, title);
	fputs("</text>\n<text x=\"6\" y=\"36\" id=\"reset\" class=\"b\">all of it</text>"
	      "<text x=\"86\" y=\"36\" id=\"search\" class=\"b\">search (/)</text>"
	      "<text x=\"180\" y=\"36\" id=\"note\"></text>\n",
	      f);
	put_boxes(&g, 0, 0, 1);
	fprintf(f, "<script><![CDATA[\n%s]]></script>\n</svg>\n", script);
	free(g.first);
	free(g.next);
}
