"""Names for people and places that do not exist, in the two languages that the families speak."""

from __future__ import annotations

FIRST = {
    "en": (
        "Ada", "Amos", "Beth", "Calvin", "Clara", "Dale", "Edith", "Ezra", "Faye", "Grant", "Hazel", "Irving", "June",
        "Keith", "Lena", "Marcus", "Nora", "Otis", "Pearl", "Quinn", "Ruth", "Silas", "Tess", "Vernon", "Willa",
    ),
    "es": (
        "Abril", "Andrés", "Beatriz", "Bruno", "Carmen", "Ciro", "Dolores", "Elías", "Estela", "Fermín", "Gloria",
        "Héctor", "Inés", "Joaquín", "Leticia", "Mateo", "Noemí", "Óscar", "Paloma", "Ramón", "Sofía", "Tomás",
        "Valeria", "Ximena", "Yolanda", "Zacarías",
    ),
}  # fmt: skip
LAST = {
    "en": (
        "Abernathy", "Birdsong", "Calloway", "Dunmore", "Eastlake", "Fairweather", "Goodwater", "Hollins", "Ingleby",
        "Jessup", "Kettle", "Longacre", "McAllen", "Northcott", "O'Dell", "Pennywell", "Quarles", "Ridgeway",
        "St. Amand", "Thistlewood", "Underhill", "Vandermeer", "Whitlock-Hayes", "Yarrow",
    ),
    "es": (
        "Alcázar", "Bustamante", "Cisneros", "de la Fuente", "Escamilla", "Figueroa", "Garza Núñez", "Hinojosa",
        "Ibáñez", "Jáuregui", "Lozano", "Montoya Ríos", "Nájera", "Olivares", "Peñalosa", "Quintanilla", "Robledo",
        "Sepúlveda", "Treviño", "Urrutia", "Villaseñor", "Yáñez", "Zamora", "Zúñiga",
    ),
}  # fmt: skip
TOWNS = (
    "Sampleton", "Exampleville", "Test Harbor", "Mockingbird Flats", "Fable Springs", "Placeholder Bay",
    "Storybook Hills", "Pretend Falls",
)  # fmt: skip
STREETS = ("Example Way", "Sample Street", "Fiction Avenue", "Placeholder Lane", "Model Court", "Trial Road")
DOCTORS = (
    "Dr. Alma Sample", "Dr. Peter Ejemplo", "Dr. Ruth Fiction", "Dr. Luis Prueba", "Dr. Hana Model",
    "Dr. Omar Placeholder", "Dr. Grace Mockwell", "Dr. Iván Muestra",
)  # fmt: skip
