@echo off
rem The libraries that a Windows build compiles from source: one tag a line,
rem name and version joined by a hyphen.
setlocal
set libraries=
set libraries=%libraries%                                       bzip2-1.0.8
if NOT "%IncludeLibffiSrc%"=="false" set libraries=%libraries%  libffi-3.4.4
if NOT "%IncludeSSLSrc%"=="false" set libraries=%libraries%     openssl-3.0.16
set libraries=%libraries%                                       mpdecimal-4.0.0
set libraries=%libraries%                                       sqlite-3.49.1.0
if NOT "%IncludeTkinterSrc%"=="false" set libraries=%libraries% tcl-core-8.6.15.0
if NOT "%IncludeTkinterSrc%"=="false" set libraries=%libraries% tk-8.6.15.0
set libraries=%libraries%                                       xz-5.2.5
set libraries=%libraries%                                       zlib-1.3.1

for %%e in (%libraries%) do echo would fetch %%e

rem Binaries are compiled once and kept elsewhere; their tags have a fourth number.
set binaries=
set binaries=%binaries% openssl-bin-3.0.16.2
set binaries=%binaries% tcltk-8.6.15.0
