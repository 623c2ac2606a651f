/* Stands for xmlrole.h of expat. */
#ifndef XMLROLE_H_
#define XMLROLE_H_
#endif
