/* Stands for xmltok.h of expat. */
#ifndef XMLTOK_H_
#define XMLTOK_H_
#endif
