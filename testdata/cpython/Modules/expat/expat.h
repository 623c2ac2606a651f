/* Stands for the public header of expat: it states the version of what lies here. */
#ifndef EXPAT_H_
#define EXPAT_H_
/* The version, as expat's own header gives it. */
#define XML_MAJOR_VERSION 2
#define XML_MINOR_VERSION 7
#define XML_MICRO_VERSION 1
#endif
