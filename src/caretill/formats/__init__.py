"""Files as others write them: what each format holds, and how it is read and written.

Pure: no database, no settings, no clock. A reader streams; nothing here keeps a whole file in memory.
"""
