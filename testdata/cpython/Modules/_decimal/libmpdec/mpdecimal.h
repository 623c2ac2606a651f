/* Stands for the public header of mpdecimal: it states the version. */
#ifndef MPDECIMAL_H_
#define MPDECIMAL_H_
#define MPD_MAJOR_VERSION 2
#define MPD_MINOR_VERSION 5
#define MPD_MICRO_VERSION 1

#define MPD_VERSION "2.5.1"
#endif
