/* Stands for ascii.h of expat. */
#ifndef ASCII_H_
#define ASCII_H_
#endif
