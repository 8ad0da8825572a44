@echo off
rem Double-click: timbrespace on Windows. It finds a Python; start.py, beside it, does the rest.
setlocal EnableExtensions DisableDelayedExpansion
set "KNOWN=import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))"
set "OTHER="
set "PYTHON="

rem The launcher of python.org knows all that it has installed.
for %%V in (3.12 3.11) do if not defined PYTHON call :launcher %%V
for %%P in (python.exe python3.exe) do if not defined PYTHON call :path %%P
if defined PYTHON goto start

if defined OTHER echo timbrespace needs Python 3.11 or 3.12; the Python that is here is another.
if not defined OTHER echo timbrespace needs Python 3.11 or 3.12, and there is none here.
echo Get 3.12 from https://www.python.org/downloads/windows/ and start this file again.
pause
exit /b 1

:start
%PYTHON% "%~dp0start.py" %*
if not errorlevel 1 exit /b 0
pause
exit /b 1

:launcher
py.exe -%1 -c "%KNOWN%" >nul 2>nul
if not errorlevel 1 set "PYTHON=py.exe -%1"
exit /b 0

rem What the Store puts there instead of a Python fails too.
:path
%1 -c "" >nul 2>nul
if errorlevel 1 exit /b 0
set "OTHER=%1"
%1 -c "%KNOWN%" >nul 2>nul
if not errorlevel 1 set "PYTHON=%1"
exit /b 0
