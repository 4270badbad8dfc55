#!/usr/bin/env python3
"""Writes the input files of tests/data/files and manifest.json, which says what each must give.

The values are made up here by a fixed formula; the expectations are stated by hand beside each file. Running it
again changes nothing: `git diff --exit-code tests/data` after it is a test of that.
"""

import json
import pathlib

FOLDER = pathlib.Path(__file__).resolve().parent
INPUTS = ["Time"] + [f"V{i}" for i in range(1, 29)] + ["Amount"]
COLUMNS = INPUTS + ["Class"]

REASONS = {"fields": 1, "number": 2, "open": 3, "after": 4, "infinite": 6, "missing": 7}
PHRASES = {
    2: "is not a number",
    3: "has a quote that never closes",
    4: "has text after a closing quote",
    6: "is infinite or too large",
    7: "is missing",
}

entries = []


def value(row, column):
    """The made-up cell of a row: a time, an amount, a label, or a number in -3 .. 3."""
    if column == "Time":
        return str(row * 41)
    if column == "Amount":
        return f"{(row * 7919 % 25000) / 100:.2f}"
    if column == "Class":
        return "1" if row % 4 == 3 else "0"
    if column == "Weight":
        return f"{1 + row % 3}"
    index = int(column[1:])
    return f"{((row * 2654435761 + index * 40503) % 6000 - 3000) / 1000:.3f}"


def cells(row, columns=COLUMNS, **replaced):
    return [replaced[column] if column in replaced else value(row, column) for column in columns]


def text(records, delimiter=",", end="\n", last=True):
    return end.join(delimiter.join(record) for record in records) + (end if last else "")


def table(count, columns=COLUMNS, header=True, **style):
    return text(([columns] if header else []) + [cells(i, columns) for i in range(count)], **style)


def commas(record):
    return [cell.replace(".", ",") for cell in record]


def quoted(record):
    return [f'"{cell}"' for cell in record]


def fault(reason, row, line, record=None, column=None, cell="", columns=COLUMNS):
    """One row set aside. record: its cells as they stand in the file; cell: the text at fault, without quotes."""
    number = REASONS[reason]
    if reason == "fields":
        message = f"{len(record)} field{'' if len(record) == 1 else 's'}, {len(columns)} expected"
        return {"row": row, "line": line, "column": "", "character": 0, "reason": number, "message": message}
    excerpt = "" if reason == "missing" else f'"{cell}" '
    index = columns.index(column)
    before = "".join(c + "," for c in record[:index])
    return {"row": row, "line": line, "column": column, "character": len(before.encode()) + 1, "reason": number,
            "message": f"column {column}: {excerpt}{PHRASES[number]}"}


def good(file, why, content, rows, delimiter=",", decimal=".", header=True, bom=False, end="\n", bad=(),
         missing=None, missing_rows=(), extra=(), labels=None, label=True):
    """An input that is a table. labels: rows with label 1, with label 0, and with neither, of the rows scored
    by a model that fills in missing values; label=False: no label column."""
    bad = sorted(bad, key=lambda b: b["row"])
    if label and labels is None:
        skipped = {b["row"] for b in bad}
        kept = [i for i in range(rows) if i not in skipped]
        positive = sum(1 for i in kept if i % 4 == 3)
        labels = [positive, len(kept) - positive, 0]
    write(file, content)
    entries.append({
        "file": file,
        "why": why,
        "expected": {
            "delimiter": delimiter,
            "decimal": decimal,
            "header": header,
            "bom": bom,
            "lineEnding": end,
            "rows": rows,
            "scored": rows - len(bad),
            "bad": bad,
            "missing": missing or {},
            "missingRows": list(missing_rows),
            "extra": list(extra),
            "labels": dict(zip(("positive", "negative", "other"), labels)) if label else None,
        },
    })


def refused(file, why, content, message, code="NOT_CSV"):
    write(file, content)
    entries.append({"file": file, "why": why, "expected": {"error": {"code": code, "message": message}}})


def write(file, content):
    data = content if isinstance(content, bytes) else content.encode()
    (FOLDER / "files" / file).write_bytes(data)


# --- good files in every dialect

good("plain.csv", "The plain case: comma, point, LF.", table(8), 8)
good("kaggle.csv", "The Kaggle file's manner: quoted header, quoted class.",
     text([quoted(COLUMNS)] + [cells(i, Class=f'"{value(i, "Class")}"') for i in range(8)]), 8)
good("semicolon_comma.csv", "German Excel: semicolon and decimal comma.",
     text([COLUMNS] + [commas(cells(i)) for i in range(6)], delimiter=";", end="\r\n"), 6, delimiter=";",
     decimal=",", end="\r\n")
good("semicolon_point.csv", "Semicolon with decimal point.", table(5, delimiter=";"), 5, delimiter=";")
good("tab_comma.csv", "Tabs and decimal comma.",
     text([COLUMNS] + [commas(cells(i)) for i in range(5)], delimiter="\t"), 5, delimiter="\t", decimal=",")
good("tab.csv", "Tabs.", table(5, delimiter="\t"), 5, delimiter="\t")
good("pipe.csv", "Vertical bars.", table(5, delimiter="|"), 5, delimiter="|")
good("comma_decimal_comma.csv", "Comma as delimiter and, in quotes, as decimal sign.",
     text([COLUMNS] + [quoted(commas(cells(i))) for i in range(5)]), 5, decimal=",")
good("all_quoted.csv", "Every cell in quotes.", text([quoted(COLUMNS)] + [quoted(cells(i)) for i in range(5)]), 5)
good("bom_crlf.csv", "UTF-8 with byte order mark and CRLF, as Excel writes it.",
     b"\xef\xbb\xbf" + table(5, end="\r\n").encode(), 5, bom=True, end="\r\n")
good("cr.csv", "CR alone ends the lines.", table(5, end="\r"), 5, end="\r")
good("mixed_line_ends.csv", "LF, CRLF and CR in one file.",
     text([COLUMNS, cells(0)]) + text([cells(1)], end="\r\n") + text([cells(2)], end="\r") + text([cells(3)]), 4)
good("no_final_line_end.csv", "The last line has no line end.", table(5, last=False), 5)
good("blank_lines.csv", "Empty lines before, between and after are no rows, but lines.",
     "\n\n" + text([COLUMNS, cells(0)]) + "\n" + text([cells(1)]) + "\n\n"
     + text([cells(2, V5="x"), cells(3)]) + "\n\n", 4,
     bad=[fault("number", 2, 9, cells(2, V5="x"), "V5", "x")])
good("one_row.csv", "One row.", table(1), 1)
good("header_only.csv", "A header and no rows.", table(0), 0)
good("blanks_and_signs.csv", "Blanks around numbers, leading plus, exponents, bare points.",
     text([COLUMNS, cells(0, V1=" 1.5 ", V2="+2", V3="1e-3", V4="-2.5E+1", V5=".5", V6="5."), cells(1)]), 2)
good("many_digits.csv", "Numbers with 17 and more digits, and subnormal ones.",
     text([COLUMNS, cells(0, V1="0.10000000000000000555111512312578270211815834045410156250", V2="4.9e-324",
                          V3="-0.0", V4="1.7976931348623157e-308", V5="2.50000000000000000000000000000")]), 1)

# --- columns

good("upper_case.csv", "Names in upper case.", text([[c.upper() for c in COLUMNS]] + [cells(i) for i in range(4)]), 4)
good("lower_case_blanks.csv", "Names in lower case with blanks around them.",
     text([[f" {c.lower()} " for c in COLUMNS]] + [cells(i) for i in range(4)]), 4)
reordered = list(reversed(COLUMNS))
good("reordered.csv", "Columns in another order.",
     text([reordered] + [cells(i, reordered) for i in range(4)]), 4)
with_extra = ["id"] + COLUMNS[:10] + ["country", "note"] + COLUMNS[10:]
good("extra_columns.csv", "Columns that the model does not know, text among them.",
     text([with_extra] + [cells(i, with_extra, id=f"t-{i}", country="DE", note='"a, b"') for i in range(4)]), 4,
     extra=["id", "country", "note"])
good("formulas.csv", "Text cells that a spreadsheet would run.",
     text([["note", "memo"] + COLUMNS] + [
         [note, memo] + cells(i) for i, (note, memo) in enumerate([
             ("=cmd()", "+SUM(A1:A9)"), ("@x", "-2+3"), ('"=HYPERLINK(""http://x.invalid"",""y"")"', "-1.5"),
             ("\tx", "plain")])]), 4, extra=["note", "memo"])
good("markup.csv", "HTML in cells and in the header stays text.",
     text([["<img src=x onerror=alert(1)>"] + COLUMNS]
          + [["<script>alert(1)</script>"] + cells(0), ["<b>&amp;</b>"] + cells(1, V4="<i>1</i>")]), 2,
     extra=["<img src=x onerror=alert(1)>"],
     bad=[fault("number", 1, 3, ["<b>&amp;</b>"] + cells(1, V4="<i>1</i>"), "V4", "<i>1</i>",
                ["markup"] + COLUMNS)])
doubled = COLUMNS[:2] + ["V1"] + COLUMNS[2:]
good("duplicate_name.csv", "A name twice: the first column counts.",
     text([doubled] + [cells(i, doubled) for i in range(3)]), 3, extra=["V1"])
good("trailing_delimiter.csv", "Every line ends with a delimiter: one more column, without a name.",
     text([COLUMNS + [""]] + [cells(i) + [""] for i in range(3)]), 3, extra=[""])
good("no_label.csv", "The model's inputs alone.", table(3, INPUTS), 3, label=False)
good("with_weight.csv", "Label and weight.", table(4, COLUMNS + ["Weight"]), 4)
good("no_header_inputs.csv", "No header, the model's inputs by position.", table(3, INPUTS, header=False), 3,
     header=False, label=False)
good("no_header_label.csv", "No header, the inputs and the label by position.", table(5, header=False), 5,
     header=False)
good("no_header_semicolon.csv", "No header, semicolon and decimal comma: the comma divides as evenly.",
     text([commas(cells(i)) for i in range(4)], delimiter=";"), 4, delimiter=";", decimal=",", header=False)
good("label_values.csv", "Labels that are not 0 or 1.",
     text([COLUMNS] + [cells(i, Class=c) for i, c in enumerate(["1", "0", "2", "fraud", "", '"0"', "1.0"])]), 7,
     labels=[2, 2, 3])
good("latin1.csv", "Bytes of Windows-1252 in a name and in cells.",
     text([["W\u00e4hrung"] + COLUMNS] + [["\u20ac"] + cells(i) for i in range(3)]).encode("cp1252"), 3,
     extra=["W\ufffdhrung"])
good("unicode.csv", "UTF-8 in a name and in cells.",
     text([["\u540d\u524d"] + COLUMNS] + [["\U0001f525 \u00fc"] + cells(i) for i in range(3)]), 3,
     extra=["\u540d\u524d"])

# --- quotes

notes = COLUMNS + ["note"]
good("quoted_line_ends.csv", "Line ends in quotes are text; lines count on.",
     text([notes, cells(0, notes, note='"two\nlines"'), cells(1, notes, note='"a\r\n\r\nb"'),
           cells(2, notes, note="x", V2="none of it")]), 3, extra=["note"],
     bad=[fault("number", 2, 7, cells(2, notes, note="x", V2="none of it"), "V2", "none of it")])
good("embedded_quotes.csv", "Doubled quotes, and quotes inside a field, are text.",
     text([notes, cells(0, notes, note='"say ""hi"""'), cells(1, notes, note='5" pipe'),
           cells(2, notes, note='""'), cells(3, notes, note='""""')]), 4, extra=["note"])
good("text_after_quote.csv", "Text after a closing quote: the row is set aside.",
     text([COLUMNS, cells(0), cells(1, V3='"1.5"x'), cells(2)]), 3,
     bad=[fault("after", 1, 3, cells(1), "V3", "1.5x")])
open_cells = cells(2, V27='"0.5')
open_rest = ",".join(["0.5"] + open_cells[28:])
open_fault = fault("open", 2, 4, open_cells, "V27", open_rest)
good("open_quote.csv", "A quote that never closes costs its line, not the rest of the file.",
     text([COLUMNS, cells(0), cells(1), open_cells, cells(3), cells(4)]), 5, bad=[open_fault])
good("open_quote_last.csv", "A quote left open in the last line, which has no line end.",
     text([COLUMNS, cells(0), cells(1), open_cells], last=False), 3, bad=[open_fault])

# --- rows that cannot be scored

good("short_and_long.csv", "Rows with too few and too many fields.",
     text([COLUMNS, cells(0), cells(1)[:20], cells(2) + ["x"], ["only"], cells(4)]), 5,
     bad=[fault("fields", 1, 3, cells(1)[:20]), fault("fields", 2, 4, cells(2) + ["x"]), fault("fields", 3, 5, ["only"])])
not_numbers = [("V1", "abc"), ("V2", "1.2.3"), ("V3", "0x10"), ("V4", "1 000"), ("Time", "2024-01-01"),
               ("Amount", "12.50 EUR"), ("V28", "#N/A"), ("V5", "12_000"), ("V6", "--1")]
good("not_numbers.csv", "Cells that are not numbers, each with its place.",
     text([COLUMNS] + [cells(i, **{column: cell}) for i, (column, cell) in enumerate(not_numbers)] + [cells(9)]), 10,
     bad=[fault("number", i, i + 2, cells(i, **{column: cell}), column, cell)
          for i, (column, cell) in enumerate(not_numbers)])
grouped = cells(1, V9='"1,234.5"')
good("digit_groups.csv", "Digit grouping is not a number.", text([COLUMNS, cells(0), grouped, cells(2)]), 3,
     bad=[fault("number", 1, 3, grouped, "V9", "1,234.5")])
infinite = [("V1", "inf"), ("V2", "-Infinity"), ("V3", "1e400"), ("V4", "1e39")]
good("infinite.csv", "Infinite values, by word, by overflow, and too large for float32.",
     text([COLUMNS] + [cells(i, **{column: cell}) for i, (column, cell) in enumerate(infinite)] + [cells(4)]), 5,
     bad=[fault("infinite", i, i + 2, cells(i, **{column: cell}), column, cell)
          for i, (column, cell) in enumerate(infinite)])
words = ["", "NA", "n/a", "NaN", "null", "NONE", "?", " ", '""']
good("missing_words.csv", "Missing values in all their spellings.",
     text([COLUMNS] + [cells(i, V7=word) for i, word in enumerate(words)] + [cells(9)]), 10,
     missing={"V7": 9},
     missing_rows=[fault("missing", i, i + 2, cells(i), "V7") for i in range(9)])
good("nul_bytes.csv", "NUL bytes in cells.",
     text([notes, cells(0, notes, note="a\0b"), cells(1, notes, note="x", V2="1\x002"), cells(2, notes, note="x")]), 3,
     extra=["note"], bad=[fault("number", 1, 3, cells(1), "V2", "1\u24002")])
good("all_rows_bad.csv", "No row can be scored.", text([COLUMNS] + [cells(i, V1="?!") for i in range(3)]), 3,
     bad=[fault("number", i, i + 2, cells(i, V1="?!"), "V1", "?!") for i in range(3)])
good("long_line.csv", "One line of 70,000 bytes.",
     text([notes, cells(0, notes, note="long " * 14000), cells(1, notes, note="short")]), 2, extra=["note"])
control = cells(1, V2="\x1b[31mred\u202e")
good("control_characters.csv", "A terminal escape in a cell is shown, not sent.",
     text([COLUMNS, cells(0), control, cells(2)]), 3,
     bad=[fault("number", 1, 3, control, "V2", "\u241b[31mred\u202e")])

# --- no table

refused("empty.csv", "No byte at all.", "", "The file is empty.")
refused("bom_only.csv", "A byte order mark and nothing else.", b"\xef\xbb\xbf", "The file is empty.")
refused("blank_lines_only.csv", "Line ends and nothing else.", "\n\r\n\r\r", "The file holds blank lines only.")
refused("binary.csv", "Bytes that are no text.", bytes([0x89]) + b"PNG\r\n\x1a\n" + bytes(range(32)) * 8,
        "The file is not text: it holds binary data.")
refused("gzip.csv", "A compressed file.", b"\x1f\x8b\x08\x00" + bytes(range(64)),
        "The file is compressed (gzip); unpack it first.")
refused("workbook.csv", "An Excel workbook with the wrong ending.", b"PK\x03\x04" + bytes(range(64)),
        "The file is a ZIP archive or an Excel workbook; unpack it, or save the sheet as CSV.")
refused("utf16_bom.csv", "UTF-16 with byte order mark.", b"\xff\xfe" + table(2).encode("utf-16-le"),
        "The file is UTF-16 text; save it as UTF-8.")
refused("utf16_plain.csv", "UTF-16 without byte order mark.", table(2).encode("utf-16-be"),
        "The file is UTF-16 text; save it as UTF-8.")
refused("one_column.csv", "No delimiter, but a column that the model has.", "Amount\n1.5\n2.5\n",
        f"Columns missing: {', '.join(c for c in INPUTS if c != 'Amount')}. Columns in the file: Amount.",
        "SCHEMA_MISMATCH")
refused("prose.csv", "A text that is no table.", "Dear customer\nplease find the figures, as agreed, below.\n",
        "The first line has one column only: none of , ; tab | divides it.")
refused("open_quote_header.csv", "A quote in the header never closes.", '"' + table(3),
        "A quote in line 1 never closes.")
refused("nul_header.csv", "A NUL byte in the header.", table(3).replace("V3", "V\0", 1),
        "The file is not text: its first line holds a NUL byte.")
fewer = [c for c in COLUMNS if c not in ("V3", "V17")]
refused("missing_columns.csv", "Two of the model's columns are not there.",
        text([fewer] + [cells(i, fewer) for i in range(3)]),
        f"Columns missing: V3, V17. Columns in the file: {', '.join(fewer)}.", "SCHEMA_MISMATCH")
refused("other_table.csv", "A table of something else.", "name;age\nAnna;31\nBo;25\n",
        f"Columns missing: {', '.join(INPUTS)}. Columns in the file: name, age.", "SCHEMA_MISMATCH")
refused("no_header_few.csv", "No header and too few columns.", "1,2,3\n4,5,6\n",
        "The first line holds data, not column names, and 3 columns do not fit the model's 30. "
        f"Columns missing: {', '.join(INPUTS)}. Columns in the file: column 1, column 2, column 3.",
        "SCHEMA_MISMATCH")

manifest = {
    "about": "Input files and what each must give: natively, as WebAssembly and through the page. Written by "
             "generate.py. scored, bad and labels are those of a model that fills in missing values; one that "
             "refuses them sets missingRows aside too, and counts no missing cells. Rows count from 0, lines "
             "and characters (bytes of the line) from 1; reason is csv::BadRowReason.",
    "columns": {"inputs": INPUTS, "label": "Class", "weight": "Weight"},
    "files": entries,
}
(FOLDER / "manifest.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=True) + "\n")
print(f"{len(entries)} files")
