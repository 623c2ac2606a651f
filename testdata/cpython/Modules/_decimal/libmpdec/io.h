/* Stands for io.h of mpdecimal. */
#ifndef IO_H_
#define IO_H_
#endif
