/* CPython's own: the configuration under which it builds expat. */
#ifndef EXPAT_CONFIG_H_
#define EXPAT_CONFIG_H_
#define XML_NS 1
#endif
