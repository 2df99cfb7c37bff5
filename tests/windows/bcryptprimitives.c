/* Rust's standard library asks this library of Windows 10 for randomness; wine before 9 has none. It is
 * built beside the tests that run under wine, and nowhere else. */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG len);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE buffer, SIZE_T len)
{
    while (len > 0) {
        ULONG some = len > 0x10000 ? 0x10000 : (ULONG)len;
        if (!SystemFunction036(buffer, some))
            return FALSE;
        buffer += some;
        len -= some;
    }
    return TRUE;
}
