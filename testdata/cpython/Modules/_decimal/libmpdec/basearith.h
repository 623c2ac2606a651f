/* Stands for basearith.h of mpdecimal. */
#ifndef BASEARITH_H_
#define BASEARITH_H_
#endif
