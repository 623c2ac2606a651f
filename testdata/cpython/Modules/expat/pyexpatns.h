/* CPython's own: a prefix for expat's names. */
#ifndef PYEXPATNS_H_
#define PYEXPATNS_H_
#define XML_Parse PyExpat_XML_Parse
#endif
